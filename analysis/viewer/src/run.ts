// The opened file as the panels see it.
import FileWorker from "./file_worker?worker&inline";
import type { Axes, Columns, Contents, Gram, Range, RequestName, Requests, Values } from "./model";

const MAJOR_VERSION = 1;
const PATIENCE = 20000; // milliseconds without an answer: HDF5 can run in circles in a damaged file

/** Asks the worker, one promise for each question. */
class Reader {
  private readonly worker = new FileWorker();
  private readonly pending = new Map<number, { resolve: (x: any) => void; reject: (e: Error) => void }>();
  private count = 0;
  private timer = 0;

  constructor() {
    this.worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.pending.get(id)!;
      this.pending.delete(id);
      this.wait();
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.fail(`The file cannot be read in this browser: ${event.message}`);
    };
  }

  ask<Name extends RequestName>(
    name: Name, argument: Requests[Name]["argument"],
  ): Promise<Requests[Name]["result"]> {
    const id = this.count++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, name, argument });
      if (this.pending.size === 1) this.wait();
    });
  }

  /** From now on, as long as something is asked. */
  private wait(): void {
    clearTimeout(this.timer);
    if (this.pending.size === 0) return;
    this.timer = window.setTimeout(() => {
      this.stop();
      this.fail(`The file is damaged, or too large for this browser: it gave no answer for ${PATIENCE / 1000} seconds.`);
    }, PATIENCE);
  }

  private fail(message: string): void {
    for (const { reject } of this.pending.values()) reject(new Error(message));
    this.pending.clear();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.worker.terminate();
  }
}

/** An open run or model file. */
export class Run {
  private constructor(private readonly reader: Reader, readonly contents: Contents) {}

  /** Throws an Error with a sentence for the user if the file is none of ours. */
  static async open(file: File): Promise<Run> {
    return Run.from((reader) => reader.ask("open", { name: file.name, data: file }));
  }

  /** Opens the file whose base64 these elements hold; they are emptied on the way. */
  static async fromElements(name: string, elements: Iterable<Element>): Promise<Run> {
    return Run.from(async (reader) => {
      for (const element of elements) {
        await reader.ask("collect", { base64: element.textContent ?? "" });
        element.remove();
      }
      return reader.ask("openCollected", { name });
    });
  }

  private static async from(open: (reader: Reader) => Promise<Contents>): Promise<Run> {
    const reader = new Reader();
    try {
      const run = new Run(reader, await open(reader));
      run.check();
      return run;
    } catch (error) {
      reader.stop();
      throw error;
    }
  }

  close(): void {
    this.reader.stop();
  }

  has(path: string): boolean {
    return path in this.contents.datasets;
  }

  shape(path: string): number[] {
    return this.contents.datasets[path]?.shape ?? [];
  }

  read(path: string, ...ranges: Range[]): Promise<Values> {
    return this.reader.ask("read", { path, ranges });
  }

  texts(path: string): Promise<string[]> {
    return this.reader.ask("texts", { path });
  }

  /** Each of the datasets of `group` that the file has. */
  async readAll<Name extends string>(
    group: string, names: readonly Name[], ...ranges: Range[]
  ): Promise<Partial<Record<Name, Values>>> {
    const present = names.filter((name) => this.has(`${group}/${name}`));
    const values = await Promise.all(present.map((name) => {
      const rank = this.shape(`${group}/${name}`).length;
      return this.read(`${group}/${name}`, ...ranges.slice(0, rank));
    }));
    return Object.fromEntries(present.map((name, k) => [name, values[k]])) as
      Partial<Record<Name, Values>>;
  }

  /** The columns of a matrix [hidden, feature], the last two axes of what is read. */
  columns(path: string, ranges: Range[], axes?: Axes): Promise<Columns> {
    return this.reader.ask("columns", { path, ranges, axes });
  }

  gram(path: string, ranges: Range[], most: number): Promise<Gram> {
    return this.reader.ask("gram", { path, ranges, most });
  }

  get filetype(): string {
    return this.contents.attributes.filetype ?? "";
  }

  private check(): void {
    const { name, attributes } = this.contents;
    const [major] = (attributes.version ?? "").split(".");
    if (this.filetype && !this.filetype.startsWith("skeleta")) {
      throw new Error(`${name} is a “${this.filetype}” file, but this page opens files of skeleta.`);
    }
    if (this.filetype && major && Number(major) !== MAJOR_VERSION) {
      throw new Error(`${name} is of layout version ${attributes.version}, but this page knows ` +
                      `version ${MAJOR_VERSION}: use a newer skeleta.`);
    }
    // What a command of a newer skeleta writes has at least an overview.
    const written = this.filetype.startsWith("skeleta ") && this.filetype !== "skeleta model";
    if (!written && !["/W", "/model/W", "/sweep/cell", "/loss/value", "/thomson/points"].some((path) => this.has(path))) {
      throw new Error(`${name} holds neither a run of skeleta nor a model: it has no dataset /W.`);
    }
    for (const path of ["/W", "/model/W"]) {
      const shape = this.shape(path);
      if (this.has(path) && ((shape.length !== 2 && shape.length !== 3) || shape.includes(0))) {
        throw new Error(`${name}: ${path} must be [hidden, feature] or [instance, hidden, feature], but ` +
                        `its sizes are [${shape.join(", ")}].`);
      }
    }
  }
}
