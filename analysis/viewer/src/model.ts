// What the page and the worker that reads the file tell each other.

/** One dataset of the file: enough to decide whether and how to read it. */
export interface DatasetInfo {
  shape: number[];
  units: string;
  meaning: string;
}

export interface Contents {
  name: string;
  bytes: number;
  attributes: Record<string, string>;
  /** By path, such as "/loss/value". */
  datasets: Record<string, DatasetInfo>;
}

/** [first, beyond the last, stride] along one axis; [] is all of it. */
export type Range = [] | [number, number] | [number, number, number];

/** Numbers in row-major order. */
export interface Values {
  shape: number[];
  data: Float64Array;
  /** The words of a category, or integers that a double cannot hold. */
  words?: string[];
}

/** Up to three directions, each a vector of the hidden dimensions. */
export type Axes = Float64Array[];

/** The columns of W as they are drawn. */
export interface Columns {
  hidden: number;
  features: number;
  axes: Axes;
  /** Of each axis: how far every column reaches along it. */
  points: Float64Array[];
  lengths: Float64Array;
}

/** G = WᵀW of some columns. */
export interface Gram {
  columns: number[];
  data: Float64Array;
}

export interface Requests {
  open: { argument: { name: string; data: Blob }; result: Contents };
  /** A part, in base64, of a file that the page itself holds. */
  collect: { argument: { base64: string }; result: null };
  openCollected: { argument: { name: string }; result: Contents };
  read: { argument: { path: string; ranges: Range[] }; result: Values };
  /** Bytes of UTF-8 along the last axis, zeros behind, as texts. */
  texts: { argument: { path: string }; result: string[] };
  /** Projected on these axes, or on the principal ones. */
  columns: { argument: { path: string; ranges: Range[]; axes?: Axes }; result: Columns };
  gram: { argument: { path: string; ranges: Range[]; most: number }; result: Gram };
}

export type RequestName = keyof Requests;
