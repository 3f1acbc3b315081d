/** Draws a graph that is laid out: boxes, steps and the lines between them, as shapes of SVG. */
import type { PlatformGraph } from './graph-model.ts';
import { type Edge, type Layout, rowMiddle, sizes, textColumns } from './layout.ts';
import { type Shape, shape } from './shapes.ts';
import { shortText } from './short-text.ts';
import { criticalInput, formatTime, type StepFacts, stepFacts } from './step-facts.ts';

/** A graph with all that its drawing needs. */
export interface Drawing {
  readonly graph: PlatformGraph;
  readonly layout: Layout;
  /** What is known about each step. */
  readonly facts: readonly StepFacts[];
  /** The longest time of a step, in milliseconds; 0 without a record. */
  readonly longestMs: number;
}

/** Prepares a drawing. */
export function createDrawing(graph: PlatformGraph, layout: Layout): Drawing {
  const facts = graph.steps.map((_, step) => stepFacts(graph, step));
  const longestMs = facts.reduce((most, { record }) => Math.max(most, record && !record.cached ? record.ranMs : 0), 0);
  return { graph, layout, facts, longestMs };
}

/** The frame and the title of a box. */
export function drawBox({ graph, layout }: Drawing, index: number): Shape {
  const box = layout.boxes[index]!;
  const { x, y, width, height } = box;
  const stage = box.stage === undefined ? undefined : graph.stages[box.stage]!;
  if (!stage) return shape('rect', { class: 'frame source', x, y, width, height, rx: height / 2 });
  const title = [
    shape('tspan', { class: 'name' }, shortText(stage.name || 'stage', 40)),
    ...(stage.platform ? [shape('tspan', { class: 'muted', dx: 8 }, stage.platform)] : []),
  ];
  const rail = { x: x + 17, top: rowMiddle(box, 0), bottom: rowMiddle(box, box.steps.length - 1) };
  return shape(
    'g',
    {},
    shape('rect', { class: `frame stage${stage.target ? ' target' : ''}`, x, y, width, height, rx: 9 }),
    shape('path', { class: 'head', d: `M${x} ${y + sizes.head - 4}h${width}` }),
    shape('text', { class: 'title', x: x + 13, y: y + 20.5 }, ...title),
    ...(stage.target
      ? [shape('text', { class: 'badge', x: x + width - 13, y: y + 20, 'text-anchor': 'end' }, 'result')]
      : []),
    shape('path', { class: 'rail', d: `M${rail.x} ${rail.top}V${rail.bottom}` }),
  );
}

/** A step. */
export function drawStep(drawing: Drawing, step: number): Shape {
  const { graph, layout, facts } = drawing;
  const box = layout.boxes[layout.boxOf[step]!]!;
  const { kind, record, explanation } = facts[step]!;
  const middle = rowMiddle(box, layout.rowOf[step]!);
  const inner = { x: box.x + 5, width: box.width - 10, y: middle - sizes.row / 2 + 1, height: sizes.row - 2 };
  const classes = ['step', `k-${kind}`, record && stateOf(record), explanation && `x-${explanation.change}`];
  const text = shortText(graph.steps[step]!.text, textColumns(box, graph.record !== undefined));
  const space = text.indexOf(' ');
  const keyword = /^[A-Z]+ /.test(text) ? text.slice(0, space) : '';
  const share = record && !record.cached && drawing.longestMs > 0 ? record.ranMs / drawing.longestMs : 0;
  return shape(
    'g',
    { class: classes.filter(Boolean).join(' '), id: `step-${step}` },
    shape('rect', { class: 'row', ...inner, rx: box.stage === undefined ? inner.height / 2 : 6 }),
    ...(share > 0.005 ? [shape('rect', { class: 'heat', ...inner, width: round(inner.width * share), rx: 6 })] : []),
    ...(explanation
      ? [shape('rect', { class: 'mark', x: box.x + 1, y: inner.y + 4, width: 3, height: 18, rx: 1.5 })]
      : []),
    shape('circle', { class: 'dot', cx: box.x + 17, cy: middle, r: 4.5 }),
    shape(
      'text',
      { class: 'code', x: box.x + sizes.textLeft, y: middle + 4 },
      ...(keyword ? [shape('tspan', { class: 'keyword' }, keyword)] : []),
      text.slice(keyword.length),
    ),
    ...(record
      ? [
          shape(
            'text',
            { class: 'time', x: box.x + box.width - 12, y: middle + 4, 'text-anchor': 'end' },
            timeText(record),
          ),
        ]
      : []),
  );
}

function stateOf({ cached, error, critical }: NonNullable<StepFacts['record']>): string {
  if (error) return 'failed';
  return `${cached ? 'cached' : 'ran'}${critical ? ' critical' : ''}`;
}

/** The short word at the end of a step. */
function timeText({ cached, error, ranMs }: NonNullable<StepFacts['record']>): string {
  if (error) return 'failed';
  return cached ? 'cached' : formatTime(ranMs);
}

/**
 * A line between two boxes, or between steps of a box that do not follow each other. undefined if the rail shows it.
 */
export function drawEdge({ graph, layout }: Drawing, { from, to, points }: Edge): Shape | undefined {
  const isCritical = criticalInput(graph, to) === from;
  const kind = graph.steps[from]!.stage === undefined ? ' of-source' : '';
  const attributes = { class: `edge${kind}${isCritical ? ' critical' : ''}`, id: `edge-${from}-${to}` };
  const box = layout.boxes[layout.boxOf[to]!]!;
  if (points.length === 0) {
    const [start, end] = [rowMiddle(box, layout.rowOf[from]!), rowMiddle(box, layout.rowOf[to]!)];
    if (Math.abs(layout.rowOf[from]! - layout.rowOf[to]!) <= 1) return undefined;
    const x = box.x + 17;
    return shape('path', {
      ...attributes,
      class: `${attributes.class} inner`,
      d: `M${x} ${start}C${x - 16} ${start} ${x - 16} ${end} ${x} ${end}`,
    });
  }
  return shape('path', { ...attributes, d: curve(points) });
}

/** A curve that leaves and reaches each point horizontally. */
function curve([first, ...rest]: Edge['points']): string {
  let path = `M${round(first!.x)} ${round(first!.y)}`;
  let before = first!;
  for (const point of rest) {
    const half = Math.max(20, Math.abs(point.x - before.x) / 2);
    if (Math.abs(point.y - before.y) < 0.5) path += `H${round(point.x)}`;
    else
      path += `C${round(before.x + half)} ${round(before.y)} ${round(point.x - half)} ${round(point.y)} ${round(point.x)} ${round(point.y)}`;
    before = point;
  }
  return path;
}

const round = (value: number) => Math.round(value * 10) / 10;

/** How the shapes look: the colours are variables, so that a page and a file can have theirs. */
export const drawingStyle = `
.frame{fill:var(--card);stroke:var(--line)}
.frame.target{stroke:var(--accent);stroke-width:1.6}
.head{stroke:var(--line);fill:none}
.title{font:600 13px var(--sans);fill:var(--text)}
.title .muted{font-weight:400;fill:var(--muted);font-size:11px}
.badge{font:600 10px var(--sans);fill:var(--accent);letter-spacing:.06em;text-transform:uppercase}
.rail{stroke:var(--line);stroke-width:2;fill:none}
.row{fill:transparent}
.heat{fill:var(--heat);opacity:.16}
.dot{stroke:var(--card);stroke-width:2}
.k-source .dot{fill:var(--source)}.k-run .dot{fill:var(--run)}.k-file .dot{fill:var(--file)}.k-merge .dot{fill:var(--merge)}
.code{font:12px var(--mono);fill:var(--text);white-space:pre}
.keyword{font-weight:600}
.k-source .keyword{fill:var(--source)}.k-run .keyword{fill:var(--run)}.k-file .keyword{fill:var(--file)}.k-merge .keyword{fill:var(--merge)}
.time{font:11px var(--sans);fill:var(--muted);font-variant-numeric:tabular-nums}
.cached .time{fill:var(--file)}.failed .time{fill:var(--bad);font-weight:600}.failed .dot{fill:var(--bad)}
.critical .time{fill:var(--hot);font-weight:600}
.edge{fill:none;stroke:var(--edge);stroke-width:1.5}
.edge.of-source{stroke-dasharray:4 3}
.edge.critical{stroke:var(--hot);stroke-width:2.2;stroke-dasharray:none}
.x-same .mark{fill:var(--file)}.x-cause .mark{fill:var(--bad)}.x-follows .mark{fill:var(--hot)}
`;

/** The colours of the light theme, as declarations of CSS. */
export const lightColors =
  '--canvas:#f6f7f9;--card:#fff;--panel:#fff;--line:#d8dde4;--text:#1c2430;--muted:#5d6878;--edge:#9aa5b4;--accent:#2456d6;--soft:#e8eefc;--source:#1d62c4;--run:#a1470a;--file:#187541;--merge:#7a3fb5;--hot:#b45309;--bad:#c2272d;--heat:#e08a1e';
/** The colours of the dark theme. */
export const darkColors =
  '--canvas:#10141a;--card:#1a2029;--panel:#151a21;--line:#323c4a;--text:#e4e9f0;--muted:#98a5b6;--edge:#5f6d80;--accent:#7aa5ff;--soft:#22304d;--source:#79b3ff;--run:#f2a65e;--file:#6fce97;--merge:#c79bf2;--hot:#f5b14c;--bad:#ff8080;--heat:#f0a040';
/** The fonts of both. */
export const fonts =
  "--sans:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";
