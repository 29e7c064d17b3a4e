import type { Run } from "./run";
import type { Selection } from "./selection";

/** One section of the page. */
export interface Panel {
  id: string;
  title: string;
  /** Whether the file has anything to show here. */
  applies(run: Run): boolean;
  build(run: Run, selection: Selection): Promise<HTMLElement>;
}
