// The tree of groups of features, as brackets over their members.
import { drawn } from "./canvas";
import { h } from "./dom";
import { plain } from "./format";
import type { Run } from "./run";
import { ofMany, theme } from "./theme";

const FEATURE = 0, EXCLUSIVE = 2; // numbers of the kinds in files
const MOST = 400; // features that are drawn
const CROWDED = 40; // more features than this: thin lines
const DIGIT = 8; // pixels
const ROW = 40, BOTTOM = 34, TOP = 14; // pixels

export interface Node {
  kind: number;
  feature: number;
  probability: number;
  members: Node[];
  x: number; // place of the middle, in features
  row: number; // above the features
}

type Kind = "together" | "parent (thick), children" | "at most one" | "independent";
const LOOKS: Record<Kind, { colour: number; dash: number[] }> = {
  "together": { colour: 0, dash: [] },
  "parent (thick), children": { colour: 2, dash: [] },
  "at most one": { colour: 3, dash: [6, 3] },
  "independent": { colour: 1, dash: [2, 3] },
};

/** The groups of at least two features at the top; null if all features are independent. */
export async function readGroups(run: Run): Promise<Node[] | null> {
  if (!run.has("/data/node_kind")) return null;
  const { node_kind, node_parent, node_feature, node_probability } =
    await run.readAll("/data", ["node_kind", "node_parent", "node_feature", "node_probability"]);
  const nodes = Array.from(node_kind!.data, (kind, n): Node => ({
    kind, feature: node_feature!.data[n], probability: node_probability!.data[n], members: [], x: 0, row: 0,
  }));
  const top: Node[] = [];
  nodes.forEach((node, n) => {
    const parent = node_parent!.data[n];
    (parent < 0 ? top : nodes[parent].members).push(node);
  });
  const groups = top.filter((node) => leaves(node).length > 1);
  return groups.length ? groups : null;
}

function leaves(node: Node): Node[] {
  return node.kind === FEATURE ? [node] : node.members.flatMap(leaves);
}

function kindOf(node: Node): Kind {
  if (node.kind === EXCLUSIVE) return "at most one";
  if (node.members.every(({ probability }) => probability === 1)) return "together";
  const [first] = node.members;
  return first.kind === FEATURE && first.probability === 1 ? "parent (thick), children" : "independent";
}

/** Members from left to right, groups a row above the highest of theirs; the next free place. */
function place(node: Node, next: number): number {
  if (node.kind === FEATURE) {
    node.x = next;
    return next + 1;
  }
  for (const member of node.members) next = place(member, next);
  node.x = (node.members[0].x + node.members[node.members.length - 1].x) / 2;
  node.row = 1 + Math.max(...node.members.map(({ row }) => row));
  return next;
}

function within(node: Node): Node[] {
  return node.kind === FEATURE ? [] : [node, ...node.members.flatMap(within)];
}

/** In words, from the outside in: "at most one [0 (.3), 1 (.4)]". */
function inWords(node: Node): string {
  const share = node.probability === 1 ? "" : ` (${plain(node.probability, 3)})`;
  if (node.kind === FEATURE) return `${node.feature}${share}`;
  return `${kindOf(node).replace(" (thick)", "")} [${node.members.map(inWords).join(", ")}]${share}`;
}

export class GroupTree {
  readonly element: HTMLElement;
  private readonly groups: Node[] = [];
  private readonly leaves: Node[] = [];
  private readonly places: number;

  constructor(all: Node[]) {
    let next = 0;
    for (const node of all) {
      const more = leaves(node);
      if (this.groups.length && this.leaves.length + more.length > MOST) break;
      next = place(node, next) + 1; // a gap between groups
      this.groups.push(node);
      this.leaves.push(...more);
    }
    this.places = Math.max(next - 1, 1);
    const rows = Math.max(...this.groups.map(({ row }) => row));
    const canvas = h("canvas", { class: "groups", role: "img", "aria-label": `${all.length} groups of features` });
    canvas.style.width = "100%";
    canvas.style.height = `${TOP + rows * ROW + BOTTOM}px`;
    drawn(canvas, (context, width) => this.draw(context, width, rows));
    const kinds = new Set(this.groups.flatMap(within).map(kindOf));
    const missing = all.length - this.groups.length;
    this.element = h("div", {},
      h("div", { class: "controls" }, (Object.keys(LOOKS) as Kind[]).filter((kind) => kinds.has(kind)).map(key)),
      canvas,
      missing > 0 ? h("p", { class: "note" }, `${missing} further groups are not shown.`) : null,
      h("details", {}, h("summary", {}, "Groups in words"),
        h("p", { class: "note" }, "In parentheses the probability that a member is on while its group is; without any it is certain."),
        h("ul", {}, this.groups.slice(0, 100).map((node) => h("li", {}, inWords(node))))));
  }

  private draw(context: CanvasRenderingContext2D, width: number, rows: number): void {
    const { ink, muted, font } = theme();
    const step = width / this.places;
    const x = (node: Node) => (node.x + 0.5) * step;
    const y = (node: Node) => TOP + (rows - node.row) * ROW;
    const crowded = this.leaves.length > CROWDED;
    for (const node of this.groups.flatMap(within)) {
      const kind = kindOf(node), { colour, dash } = LOOKS[kind];
      const line = (from: [number, number], to: [number, number], thick: boolean) => {
        context.lineWidth = (crowded ? 1 : 2) * (thick ? 2.5 : 1);
        context.beginPath();
        context.moveTo(...from);
        context.lineTo(...to);
        context.stroke();
      };
      context.strokeStyle = ofMany(colour);
      context.setLineDash(crowded ? [] : dash);
      node.members.forEach((member, k) =>
        line([x(member), y(member)], [x(member), y(node)], k === 0 && kind === "parent (thick), children"));
      line([x(node.members[0]), y(node)], [x(node.members[node.members.length - 1]), y(node)], false);
    }
    context.setLineDash([]);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.font = `12px ${font}`;
    const digits = String(Math.max(...this.leaves.map(({ feature }) => feature))).length;
    const every = Math.max(1, Math.ceil((digits + 1) * DIGIT / step));
    this.leaves.forEach((leaf, k) => {
      context.fillStyle = ink;
      context.beginPath();
      context.arc(x(leaf), y(leaf), Math.min(3.5, step / 3), 0, 2 * Math.PI);
      context.fill();
      context.fillStyle = muted;
      if (k % every === 0) context.fillText(String(leaf.feature), x(leaf), y(leaf) + 10);
    });
  }
}

function key(kind: Kind): HTMLElement {
  const { colour, dash } = LOOKS[kind];
  const swatch = h("i", { class: "swatch line" });
  const stroke = ofMany(colour);
  swatch.style.background = dash.length
    ? `repeating-linear-gradient(90deg, ${stroke} 0 ${dash[0]}px, transparent ${dash[0]}px ${dash[0] + dash[1]}px)` : stroke;
  return h("span", { class: "key" }, swatch, kind);
}
