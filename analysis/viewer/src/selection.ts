/** Which of the models in the file is shown: all panels follow it. */
export class Selection {
  private listeners: ((index: number) => void)[] = [];
  private chosen = 0;

  constructor(readonly labels: string[]) {}

  get index(): number {
    return this.chosen;
  }

  choose(index: number): void {
    if (index === this.chosen || index < 0 || index >= this.labels.length) return;
    this.chosen = index;
    for (const listener of this.listeners) listener(index);
  }

  onChange(listener: (index: number) => void): void {
    this.listeners.push(listener);
  }
}

/**
 * Only the newest call counts: while one works, the next waits, and those between are forgotten.
 * What goes wrong is told to `fail`.
 */
export function latest<Argument>(
  work: (argument: Argument) => Promise<() => void>, fail: (error: Error) => void,
): (argument: Argument) => Promise<void> {
  let waiting: [Argument] | null = null;
  let running: Promise<void> | null = null;
  const run = async () => {
    while (waiting) {
      const [argument] = waiting;
      waiting = null;
      try {
        const show = await work(argument);
        if (!waiting) show();
      } catch (error) {
        if (!waiting) fail(error as Error);
      }
    }
    running = null;
  };
  return (argument) => {
    waiting = [argument];
    return (running ??= run());
  };
}
