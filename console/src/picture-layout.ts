import { type Flow, type Picture, PUBLISHERS, VIEWERS } from './picture.ts';

/** Where something is drawn, in pixels. */
export interface Box {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The way of a flow, and where its words stand. */
export interface Way {
  readonly flow: Flow;
  readonly path: string;
  readonly label: { readonly x: number; readonly y: number; readonly anchor: 'start' | 'middle' | 'end' } | undefined;
  /** Of one that goes against all others: the direction. */
  readonly back?: '←' | '↑';
}

/** A picture of some width, laid out. */
export interface Layout {
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly ways: readonly Way[];
  /** On a narrow screen streams go downwards. */
  readonly isUpright: boolean;
}

const NODE = { width: 176, height: 82 };
const END = { width: 104, height: 46 };
const GAP = 16;
/** Between two layers of an upright picture: room for words. */
const STEP = 58;
const NARROWEST = 960;
/** There is room for so many words above a box of an upright picture. */
const MOST_LABELS = 2;
const LABEL_LINE = 15;
const BULGE = 36;

/** Lays a picture out: publishers, origins, edges, viewers, from left to right, or from top to bottom where it is narrow. */
export function layOut(picture: Picture, width: number): Layout {
  const layers = layersOf(picture);
  const isUpright = width < NARROWEST;
  const { boxes, height } = isUpright ? stack(layers, width) : spread(layers, width);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const taken = new Map<string, number>();
  const firstColumn = boxes.find(({ width: each }) => each === NODE.width)?.x;
  // Where there is not room for all words, those of what carries most are there.
  const flows = picture.flows.toSorted((a, b) => (b.kbps ?? -1) - (a.kbps ?? -1));
  const ways = flows.flatMap((flow) => {
    const [from, to] = [byId.get(flow.from), byId.get(flow.to)];
    if (!from || !to) return [];
    if (from.x === to.x && !isUpright) return [besides(flow, from, to, from.x === firstColumn)];
    if (from.y === to.y && isUpright) return [between(flow, from, to)];
    // What is published at an edge goes against all others.
    const isBack = isUpright ? from.y > to.y : from.x > to.x;
    if (isBack) return [(isUpright ? upwards : backwards)(flow, from, to, taken)];
    return [(isUpright ? downwards : across)(flow, from, to, taken)];
  });
  return { height, boxes, ways, isUpright };
}

function layersOf({ nodes, flows }: Picture): string[][] {
  const of = (role: string) => nodes.filter((node) => node.role === role).map(({ id }) => id);
  const end = (id: string) => (flows.some(({ from, to }) => from === id || to === id) ? [id] : []);
  return [end(PUBLISHERS!), of('origin'), of('edge'), end(VIEWERS!)].filter((layer) => layer.length > 0);
}

function sizeOf(id: string): { width: number; height: number } {
  return id === PUBLISHERS || id === VIEWERS ? END : NODE;
}

/** Columns, each in the middle of the height. */
function spread(layers: readonly string[][], width: number): { boxes: Box[]; height: number } {
  const heights = layers.map((layer) => layer.reduce((sum, id) => sum + sizeOf(id).height + GAP, -GAP));
  const height = Math.max(0, ...heights) + 2;
  const used = layers.reduce((sum, layer) => sum + sizeOf(layer[0]!).width, 0);
  const gap = Math.min(190, layers.length > 1 ? (width - used) / (layers.length - 1) : 0);
  let x = (width - used - gap * (layers.length - 1)) / 2;
  const boxes = layers.flatMap((layer, i) => {
    let y = (height - heights[i]!) / 2;
    const column = layer.map((id) => {
      const box = { id, x, y, ...sizeOf(id) };
      y += box.height + GAP;
      return box;
    });
    x += sizeOf(layer[0]!).width + gap;
    return column;
  });
  return { boxes, height };
}

/** Rows, of two boxes or as many as there is room for. */
function stack(layers: readonly string[][], width: number): { boxes: Box[]; height: number } {
  const most = Math.max(2, Math.floor((width + GAP) / (NODE.width + GAP)));
  let y = 1;
  const boxes: Box[] = [];
  for (const layer of layers) {
    for (let i = 0; i < layer.length; i += most) {
      const row = layer.slice(i, i + most);
      const each = Math.min(sizeOf(row[0]!).width, (width - (row.length - 1) * GAP) / row.length);
      const left = (width - row.length * each - (row.length - 1) * GAP) / 2;
      row.forEach((id, j) => boxes.push({ id, x: left + j * (each + GAP), y, width: each, height: sizeOf(id).height }));
      y += sizeOf(row[0]!).height + STEP;
    }
  }
  return { boxes, height: Math.max(0, y - STEP) + 2 };
}

/** Words stand at the end where only this flow is, one below the other where several come in. */
function across(flow: Flow, from: Box, to: Box, taken: Map<string, number>): Way {
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2];
  const bend = (x2 - x1) / 2;
  const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  const isLast = flow.to === VIEWERS;
  const end = isLast ? `from ${flow.from}` : flow.to;
  const row = taken.get(end) ?? 0;
  taken.set(end, row + 1);
  const y = (isLast ? y1 : y2) - 6 - row * LABEL_LINE;
  return { flow, path, label: isLast ? { x: x1 + 8, y, anchor: 'start' } : { x: x2 - 12, y, anchor: 'end' } };
}

/** From right to left, below what goes the other way; so are its words, where it begins. */
function backwards(flow: Flow, from: Box, to: Box, taken: Map<string, number>): Way {
  const below = (box: Box) => ({ ...box, y: box.y + box.height / 4 });
  const { path } = across(flow, below(to), below(from), new Map());
  const row = taken.get(`back ${from.id}`) ?? 0;
  taken.set(`back ${from.id}`, row + 1);
  const y = from.y + from.height * 0.75 + LABEL_LINE + row * LABEL_LINE;
  return { flow, path: reversed(path), label: { x: from.x - 12, y, anchor: 'end' }, back: '←' };
}

/** From bottom to top, beside what goes the other way; words stand above the box where it begins. */
function upwards(flow: Flow, from: Box, to: Box, taken: Map<string, number>): Way {
  const besides = (box: Box) => ({ ...box, x: box.x + box.width / 4 });
  const { path } = downwards(flow, besides(to), besides(from), new Map());
  const { label } = downwards({ ...flow, to: from.id }, to, from, taken);
  return { flow, path: reversed(path), label, back: '↑' };
}

/** A curve of one piece, drawn from its end: what moves along it goes the other way. */
function reversed(path: string): string {
  const [x1, y1, xa, ya, xb, yb, x2, y2] = path.slice(1).split(/[ C]/);
  return `M${x2} ${y2}C${xb} ${yb} ${xa} ${ya} ${x1} ${y1}`;
}

/** From one to another in the same column: around what is between them, on the side where less goes on. */
function besides(flow: Flow, from: Box, to: Box, isLeft: boolean): Way {
  const x = isLeft ? from.x : from.x + from.width;
  const outwards = isLeft ? -1 : 1;
  const [y1, y2] = [
    from.y + from.height * (from.y < to.y ? 0.75 : 0.25),
    to.y + to.height * (from.y < to.y ? 0.25 : 0.75),
  ];
  const path = `M${x} ${y1}C${x + outwards * BULGE} ${y1} ${x + outwards * BULGE} ${y2} ${x} ${y2}`;
  const isMeasured = flow.kbps !== undefined;
  const anchor = isLeft ? 'end' : 'start';
  const label = { x: x + outwards * (BULGE * 0.75 + 4), y: (y1 + y2) / 2 + 4, anchor } as const;
  return { flow, path, label: isMeasured ? label : undefined };
}

/** From one to another in the same row: there is no room for words. */
function between(flow: Flow, from: Box, to: Box): Way {
  const y = from.y + from.height / 2;
  const [x1, x2] = from.x < to.x ? [from.x + from.width, to.x] : [from.x, to.x + to.width];
  return { flow, path: `M${x1} ${y}L${x2} ${y}`, label: undefined };
}

/** Words stand above the box where it ends, what goes to the viewers below that where it begins. */
function downwards(flow: Flow, from: Box, to: Box, taken: Map<string, number>): Way {
  const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + from.height, to.x + to.width / 2, to.y];
  const bend = (y2 - y1) / 2;
  const path = `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
  if (flow.to === VIEWERS) return { flow, path, label: { x: x1, y: y1 + LABEL_LINE, anchor: 'middle' } };
  const row = taken.get(flow.to) ?? 0;
  taken.set(flow.to, row + 1);
  const label = { x: x2, y: y2 - 8 - row * LABEL_LINE, anchor: 'middle' } as const;
  return { flow, path, label: row < MOST_LABELS ? label : undefined };
}
