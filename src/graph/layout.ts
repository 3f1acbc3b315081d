/**
 * Places a graph: a box for each stage with its steps in rows, a box for each source, from left to right. Only the
 * boxes are laid out by dagre, whose time grows faster than its graph: a file of thousands of lines has few stages.
 */
import * as dagre from '@dagrejs/dagre';
import type { PlatformGraph } from './graph-model.ts';
import { shortText } from './short-text.ts';

/** Sizes in pixels. */
export const sizes = {
  /** Height of a step. */
  row: 28,
  /** Height of the title of a stage. */
  head: 34,
  /** Room below the last step. */
  foot: 8,
  /** Left of the text of a step. */
  textLeft: 34,
  /** Right of the text of a step. */
  textRight: 14,
  /** For the time of a step. */
  time: 68,
  /** Width of a character of a step. */
  char: 7.3,
  /** Height of a source. */
  source: 34,
};
const [minWidth, maxWidth] = [180, 320];
const [gapX, gapY] = [48, 26];

/** Number of boxes that dagre lays out in less than a second. */
const maxBoxes = 80;

/** A stage or a source. */
export interface Box {
  /** Left edge, in pixels as everything here. */
  x: number;
  y: number;
  readonly width: number;
  readonly height: number;
  /** The stage; undefined for a source. */
  readonly stage: number | undefined;
  readonly steps: readonly number[];
}

/** A line from a step to one that uses it. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  /** Where it passes, from its start to its end. Lines between steps of a box have none. */
  readonly points: readonly Point[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A graph with the places of its parts. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** The box of each step. */
  readonly boxOf: readonly number[];
  /** The row of each step in its box. */
  readonly rowOf: readonly number[];
  readonly edges: readonly Edge[];
}

/** Places the graph of a platform. */
export function layoutGraph(graph: PlatformGraph): Layout {
  const boxes = makeBoxes(graph);
  const boxOf: number[] = [];
  const rowOf: number[] = [];
  boxes.forEach(({ steps }, box) => {
    steps.forEach((step, row) => {
      boxOf[step] = box;
      rowOf[step] = row;
    });
  });
  const links = new Map<string, { readonly from: number; readonly to: number }>();
  graph.steps.forEach(({ inputs }, step) => {
    for (const input of inputs) {
      const [from, to] = [boxOf[input]!, boxOf[step]!];
      if (from !== to) links.set(`${from} ${to}`, { from, to });
    }
  });
  const routes = boxes.length <= maxBoxes ? placeWithDagre(boxes, links) : placeInColumns(boxes, links);
  const edges = graph.steps.flatMap(({ inputs }, to) =>
    inputs.map((from): Edge => {
      const [a, b] = [boxOf[from]!, boxOf[to]!];
      if (a === b) return { from, to, points: [] };
      const start = { x: boxes[a]!.x + boxes[a]!.width, y: rowMiddle(boxes[a]!, rowOf[from]!) };
      const end = { x: boxes[b]!.x, y: rowMiddle(boxes[b]!, rowOf[to]!) };
      return { from, to, points: [start, ...(routes.get(`${a} ${b}`) ?? []), end] };
    }),
  );
  return {
    width: Math.max(0, ...boxes.map((box) => box.x + box.width)),
    height: boxes.reduce((most, box) => Math.max(most, box.y + box.height), 0),
    boxes,
    boxOf,
    rowOf,
    edges,
  };
}

/** The middle of a step, from the top of the drawing. */
export function rowMiddle(box: Box, row: number): number {
  return box.stage === undefined ? box.y + box.height / 2 : box.y + sizes.head + (row + 0.5) * sizes.row;
}

/** Characters of a step's text that a box has room for. */
export function textColumns(box: Box, timed: boolean): number {
  const right = timed ? sizes.time : sizes.textRight;
  return Math.floor((box.width - sizes.textLeft - right) / sizes.char);
}

function makeBoxes({ stages, steps, record }: PlatformGraph): Box[] {
  const timed = record !== undefined;
  const widthOf = (texts: readonly string[]) => {
    const room = sizes.textLeft + (timed ? sizes.time : sizes.textRight);
    const columns = texts.reduce((most, text) => Math.max(most, shortText(text, 60).length), 0);
    return Math.min(maxWidth, Math.max(minWidth, Math.ceil(columns * sizes.char + room)));
  };
  const box = (stage: number | undefined, own: readonly number[], titles: readonly string[], height: number): Box => {
    const texts = own.map((step) => steps[step]!.text);
    return { x: 0, y: 0, width: widthOf([...titles, ...texts]), height, stage, steps: own };
  };
  return [
    ...steps.flatMap(({ stage }, step) => (stage === undefined ? box(undefined, [step], [], sizes.source) : [])),
    ...stages.map(({ name, platform, steps: own }, stage) =>
      box(stage, own, [`${name} ${platform}`], sizes.head + own.length * sizes.row + sizes.foot),
    ),
  ];
}

type Links = ReadonlyMap<string, { readonly from: number; readonly to: number }>;
type Routes = ReadonlyMap<string, readonly Point[]>;

/**
 * dagre finds the columns and the order in them; the heights are ours, because dagre's leave much room around tall
 * boxes.
 */
function placeWithDagre(boxes: readonly Box[], links: Links): Routes {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: gapY, edgesep: laneHeight, ranksep: gapX });
  boxes.forEach(({ width, height }, index) => void graph.setNode(String(index), { width, height }));
  for (const { from, to } of links.values()) graph.setEdge(String(from), String(to), {});
  dagre.layout(graph);
  const columns = new Map<number, Column>();
  const ofBoxes = boxes.map((box, index): Item => {
    const { x, y } = graph.node(String(index)) as Point;
    box.x = x - box.width / 2;
    const column = columns.get(Math.round(x)) ?? { left: box.x, right: box.x + box.width, items: [] };
    columns.set(Math.round(x), column);
    column.left = Math.min(column.left, box.x);
    column.right = Math.max(column.right, box.x + box.width);
    const item: Item = { order: y, height: box.height, column, near: [], top: 0 };
    column.items.push(item);
    return item;
  });
  const sorted = [...columns.values()].sort((a, b) => a.left - b.left);
  // A line that passes a column has a lane in it.
  const lanes = new Map(
    [...links].map(([key, { from, to }]) => {
      const { points = [] } = graph.edge(String(from), String(to)) as { points?: Point[] };
      const [start, end] = [boxes[from]!.x + boxes[from]!.width, boxes[to]!.x];
      const own = sorted.flatMap((column): Item[] => {
        const inside = points.find(({ x }) => x >= column.left && x <= column.right);
        if (column.left <= start || column.right >= end || !inside) return [];
        const lane: Item = { order: inside.y, height: laneHeight, column, near: [], top: 0 };
        column.items.push(lane);
        return [lane];
      });
      const way = [ofBoxes[from]!, ...own, ofBoxes[to]!];
      way.forEach((item, at) => {
        item.near.push(...way.slice(Math.max(0, at - 1), at), ...way.slice(at + 1, at + 2));
      });
      return [key, own] as const;
    }),
  );
  settle(sorted);
  boxes.forEach((box, index) => {
    box.y = ofBoxes[index]!.top;
  });
  return new Map(
    [...lanes].map(([key, own]) => [
      key,
      own.flatMap(({ column, top }) => [
        { x: column.left - 10, y: top + laneHeight / 2 },
        { x: column.right + 10, y: top + laneHeight / 2 },
      ]),
    ]),
  );
}

/** Height of a line that passes a column. */
const laneHeight = 14;
/** Lines meet boxes near their top. */
const anchorOf = ({ height }: Item) => Math.min(height / 2, 48);

/** A box or a lane in a column. */
interface Item {
  /** Its place among the others of the column. */
  readonly order: number;
  readonly height: number;
  readonly column: Column;
  /** The items that it is joined with. */
  readonly near: Item[];
  top: number;
}

interface Column {
  left: number;
  right: number;
  readonly items: Item[];
}

/**
 * Moves the items of columns towards those that they are joined with, as far as their order and their heights allow.
 */
function settle(columns: readonly Column[]): void {
  for (const { items } of columns) {
    items.sort((a, b) => a.order - b.order);
    place(
      items,
      items.map(() => 0),
    );
  }
  for (let sweep = 0; sweep < 8; sweep++)
    for (const { items } of sweep % 2 === 0 ? columns : columns.toReversed()) {
      const wishes = items.map((item) => {
        const sum = item.near.reduce((total, other) => total + other.top + anchorOf(other), 0);
        return item.near.length > 0 ? sum / item.near.length - anchorOf(item) : item.top;
      });
      place(items, wishes);
    }
  const least = columns.reduce((top, { items }) => Math.min(top, items[0]!.top), Number.POSITIVE_INFINITY);
  for (const { items } of columns) for (const item of items) item.top -= least;
}

/**
 * Gives items tops near the wished ones. Pushing down and pushing up are both right, and so is the middle between them.
 */
function place(items: readonly Item[], wishes: readonly number[]): void {
  const down = [...wishes];
  const up = [...wishes];
  for (let at = 1; at < items.length; at++)
    down[at] = Math.max(down[at]!, down[at - 1]! + items[at - 1]!.height + gapBetween(items[at - 1]!, items[at]!));
  for (let at = items.length - 2; at >= 0; at--)
    up[at] = Math.min(up[at]!, up[at + 1]! - items[at]!.height - gapBetween(items[at]!, items[at + 1]!));
  items.forEach((item, at) => {
    item.top = (down[at]! + up[at]!) / 2;
  });
}

const gapBetween = (a: Item, b: Item) => (a.height === laneHeight && b.height === laneHeight ? 0 : gapY);

/** For many boxes: columns by the longest way from a source, each box near the boxes that it needs. */
function placeInColumns(boxes: readonly Box[], links: Links): Routes {
  const inputs: number[][] = boxes.map(() => []);
  const users: number[][] = boxes.map(() => []);
  const missing = boxes.map(() => 0);
  for (const { from, to } of links.values()) {
    inputs[to]!.push(from);
    users[from]!.push(to);
    missing[to]!++;
  }
  const rank = boxes.map(() => 0);
  const ready = boxes.flatMap((_, index) => (missing[index] === 0 ? index : []));
  for (const box of ready) {
    for (const user of users[box]!) {
      rank[user] = Math.max(rank[user]!, rank[box]! + 1);
      if (--missing[user]! === 0) ready.push(user);
    }
  }
  const columns: number[][] = [];
  boxes.forEach((_, index) => {
    const at = rank[index]!;
    (columns[at] ??= []).push(index);
  });
  let x = 0;
  for (const column of columns) {
    const wish = new Map(
      column.map((index) => {
        const from = inputs[index]!;
        const sum = from.reduce((total, input) => total + boxes[input]!.y + boxes[input]!.height / 2, 0);
        return [index, from.length > 0 ? sum / from.length : index];
      }),
    );
    let y = 0;
    for (const index of column.sort((a, b) => wish.get(a)! - wish.get(b)!)) {
      boxes[index]!.x = x;
      boxes[index]!.y = y;
      y += boxes[index]!.height + gapY;
    }
    x += column.reduce((most, index) => Math.max(most, boxes[index]!.width), 0) + gapX;
  }
  return new Map();
}
