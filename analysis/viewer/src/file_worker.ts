// Reads one HDF5 file, away from the page, which stays responsive however large the file is.
import h5wasm, { Dataset, Group, type File as HdfFile } from "h5wasm";
import { gram } from "./gram";
import type { Contents, DatasetInfo, Range, RequestName, Requests, Values } from "./model";
import { columnsOf } from "./principal";

type Handlers = {
  [Name in RequestName]: (argument: Requests[Name]["argument"]) => Promise<Requests[Name]["result"]>;
};

const FOLDER = "/opened";
const LARGEST_READ = 2 ** 26; // numbers at once: half a gigabyte

let file: HdfFile | null = null;
let collected: BlobPart[] = [];

const handlers: Handlers = {
  async open({ name, data }) {
    await mount(name, data);
    return contents(name, data.size);
  },
  async collect({ base64 }) {
    collected.push(decode(base64));
    return null;
  },
  async openCollected({ name }) {
    const data = new Blob(collected);
    collected = [];
    return handlers.open({ name, data });
  },
  async read({ path, ranges }) {
    return read(path, ranges);
  },
  async texts({ path }) {
    return texts(path);
  },
  async columns({ path, ranges, axes }) {
    const { shape, data } = read(path, ranges);
    const [hidden, features] = shape.slice(-2);
    return columnsOf(data, hidden, features, axes);
  },
  async gram({ path, ranges, most }) {
    const { shape, data } = read(path, ranges);
    const [hidden, features] = shape.slice(-2);
    return gram(data, hidden, features, most);
  },
};

self.onmessage = async ({ data: { id, name, argument } }) => {
  try {
    const handler = handlers[name as RequestName] as (argument: unknown) => Promise<unknown>;
    self.postMessage({ id, result: await handler(argument) });
  } catch (error) {
    self.postMessage({ id, error: sentence(error) });
  }
};

/** Makes the file readable in place: nothing is copied but what is read. */
async function mount(name: string, data: Blob): Promise<void> {
  const module = await h5wasm.ready;
  // Without this a failed read would return whatever is in memory.
  (module as unknown as { activate_throwing_error_handler(): void }).activate_throwing_error_handler();
  const FS = module.FS as any;
  if (data.size === 0) throw new Error(`${name} is empty.`);
  if (!(await hasSignature(data))) {
    throw new Error(`${name} is not an HDF5 file. This page opens the files that skeleta writes ` +
                    "and model files, which end in .h5.");
  }
  FS.mkdir(FOLDER);
  FS.mount(FS.filesystems.WORKERFS, { blobs: [{ name: "file.h5", data }] }, FOLDER);
  try {
    file = new h5wasm.File(`${FOLDER}/file.h5`, "r");
  } catch (error) {
    throw new Error(`${name} is damaged or incomplete: HDF5 cannot open it (${sentence(error)}).`);
  }
}

/** HDF5's signature is at the start, or at 512, 1024, 2048, ... bytes. */
async function hasSignature(data: Blob): Promise<boolean> {
  for (let place = 0; place < data.size; place = place === 0 ? 512 : 2 * place) {
    const bytes = new Uint8Array(await data.slice(place, place + 8).arrayBuffer());
    if (String.fromCharCode(...bytes) === "\x89HDF\r\n\x1a\n") return true;
  }
  return false;
}

function contents(name: string, bytes: number): Contents {
  const datasets: Record<string, DatasetInfo> = {};
  try {
    const attributes: Record<string, string> = {};
    for (const [key, attribute] of Object.entries(file!.attrs)) attributes[key] = text(attribute.value);
    list(file!, "", datasets, 3);
    return { name, bytes, attributes, datasets };
  } catch (error) {
    throw new Error(`${name} is damaged: its contents cannot be listed (${sentence(error)}).`);
  }
}

function list(group: Group, path: string, datasets: Record<string, DatasetInfo>, depth: number): void {
  for (const key of group.keys()) {
    const item = group.get(key);
    const place = `${path}/${key}`;
    if (item instanceof Group && depth > 1) list(item, place, datasets, depth - 1);
    if (item instanceof Dataset) {
      datasets[place] = {
        shape: item.shape ?? [],
        units: attribute(item, "units"),
        meaning: attribute(item, "long_name"),
      };
    }
  }
}

function attribute(item: Dataset, name: string): string {
  return item.attrs[name] ? text(item.attrs[name].value) : "";
}

function text(value: unknown): string {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>).join(".");
  return String(value ?? "");
}

function texts(path: string): string[] {
  const item = dataset(path);
  const [count, width] = item.shape ?? [];
  if (count * width > 8 * LARGEST_READ) throw new Error(`${path} has ${count * width} bytes, more than can be shown.`);
  const bytes = guarded(path, () => item.value);
  if (!(bytes instanceof Uint8Array) || !(width > 0)) throw new Error(`${path} holds no texts.`);
  const decoder = new TextDecoder();
  return Array.from({ length: count }, (_, k) => {
    const text = bytes.subarray(k * width, (k + 1) * width);
    const end = text.indexOf(0);
    return decoder.decode(end < 0 ? text : text.subarray(0, end));
  });
}

function dataset(path: string): Dataset {
  const item = file?.get(path);
  if (!(item instanceof Dataset)) throw new Error(`The file has no dataset ${path}.`);
  return item;
}

/** What reading gives, or a sentence about what is damaged. */
function guarded(path: string, work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    const damaged = isFromHdf5(error) ? ": the file is damaged there" : "";
    throw new Error(`${path} cannot be read${damaged} (${sentence(error)}).`);
  }
}

function read(path: string, ranges: Range[]): Values {
  const item = dataset(path);
  const whole = item.shape ?? [];
  const shape = whole.map((size, axis) => extent(size, ranges[axis] ?? []));
  const count = shape.reduce((a, b) => a * b, 1);
  if (count > LARGEST_READ) throw new Error(`${path} has ${count} numbers, more than can be shown.`);
  if (count === 0) return { shape, data: new Float64Array(0) };
  const raw = guarded(path, () => (ranges.length === 0 ? item.value : item.slice(ranges as never)));
  return { shape, ...numbers(path, ArrayBuffer.isView(raw) ? raw : [raw], item) };
}

function extent(size: number, range: Range): number {
  const [first = 0, end = size, stride = 1] = range;
  return Math.max(0, Math.ceil((Math.min(end, size) - first) / stride));
}

function numbers(path: string, raw: unknown, item: Dataset): Pick<Values, "data" | "words"> {
  if (raw instanceof Float64Array) return { data: raw };
  if (raw instanceof Float32Array) return { data: new Float64Array(raw) };
  const list = Array.from(raw as ArrayLike<number | bigint>);
  if (list.some((value) => typeof value !== "number" && typeof value !== "bigint")) {
    throw new Error(`${path} holds no numbers.`);
  }
  const data = Float64Array.from(list, Number);
  if (item.attrs.flag_meanings) return { data, words: words(data, item) };
  const inexact = list.some((value) => typeof value === "bigint" && !Number.isSafeInteger(Number(value)));
  return inexact ? { data, words: list.map(String) } : { data };
}

function words(data: Float64Array, item: Dataset): string[] {
  const meanings = attribute(item, "flag_meanings").split(/\s+/);
  const flags = Array.from(item.attrs.flag_values.value as ArrayLike<number>, Number);
  return Array.from(data, (value) => meanings[flags.indexOf(value)] ?? String(value));
}

function decode(base64: string): BlobPart {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** HDF5 reports a stack of calls; its last entry is what went wrong first. */
function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!isFromHdf5(error)) return message;
  const causes = [...message.matchAll(/\(\):\s*(.+)$/gm)].map((found) => found[1].trim());
  return causes.at(-1) ?? "HDF5 gives no cause";
}

function isFromHdf5(error: unknown): boolean {
  return error instanceof Error && error.message.includes("HDF5-DIAG");
}
