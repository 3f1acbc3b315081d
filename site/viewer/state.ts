/**
 * What the parts of the viewer share: the graph that is shown, the step that is selected, the steps that a search has
 * found.
 */
import { createDrawing, type Drawing } from '../../src/graph/draw.ts';
import type { BuildGraph, PlatformGraph } from '../../src/graph/graph-model.ts';
import { layoutGraph } from '../../src/graph/layout.ts';

/** A change that parts listen to. */
type Change = 'graph' | 'selection' | 'hover' | 'search';

export interface State {
  readonly graph: BuildGraph;
  readonly platform: PlatformGraph;
  readonly drawing: Drawing;
  /** The steps that use each step. */
  readonly users: readonly (readonly number[])[];
  readonly selected: number | undefined;
  readonly hovered: ReadonlySet<number>;
  /** undefined if nothing is searched for. */
  readonly found: ReadonlySet<number> | undefined;
  /** Shows another graph. The selected step stays selected if there is a step with the same text. */
  show(graph: BuildGraph, platform?: number): void;
  /** @param from the part of the page whose user selects it: the others move it into view */
  select(step: number | undefined, from?: string): void;
  hover(steps: readonly number[]): void;
  find(steps: readonly number[] | undefined): void;
  /** Steps that were made of a line. */
  stepsOfLine(file: number, line: number): readonly number[];
  /** Calls a function at a change; `from` is that of the selection. */
  on(change: Change, listener: (from: string) => void): void;
}

const noGraph: BuildGraph = { version: 1, files: [], platforms: [{ platform: '', stages: [], steps: [], ops: [] }] };

export function createState(): State {
  const listeners = new Map<Change, ((from: string) => void)[]>();
  const tell = (change: Change, from = '') => {
    for (const listener of listeners.get(change) ?? []) listener(from);
  };
  let lines = new Map<string, number[]>();
  const prepare = (graph: BuildGraph, at: number) => {
    const platform = graph.platforms[at] ?? noGraph.platforms[0]!;
    const users: number[][] = platform.steps.map(() => []);
    platform.steps.forEach(({ inputs }, step) => {
      for (const input of inputs) users[input]!.push(step);
    });
    return { graph, platform, users, drawing: createDrawing(platform, layoutGraph(platform)) };
  };
  let shown = prepare(noGraph, 0);
  let selected: number | undefined;
  let hovered: ReadonlySet<number> = new Set();
  let found: ReadonlySet<number> | undefined;

  return {
    get graph() {
      return shown.graph;
    },
    get platform() {
      return shown.platform;
    },
    get drawing() {
      return shown.drawing;
    },
    get users() {
      return shown.users;
    },
    get selected() {
      return selected;
    },
    get hovered() {
      return hovered;
    },
    get found() {
      return found;
    },
    show(graph, platform = 0) {
      const before = selected === undefined ? undefined : shown.platform.steps[selected];
      shown = prepare(graph, platform);
      lines = new Map();
      shown.drawing.facts.forEach((facts, step) => {
        for (const { file, start, end } of facts.lines)
          for (let line = start; line <= end; line++) {
            const key = `${file} ${line}`;
            const same = lines.get(key);
            if (!same) lines.set(key, [step]);
            else if (!same.includes(step)) same.push(step);
          }
      });
      hovered = new Set();
      found = undefined;
      const same =
        before && shown.platform.steps.findIndex((it) => it.text === before.text && it.place === before.place);
      selected = same === undefined || same < 0 ? undefined : same;
      tell('graph');
      tell('selection', 'graph');
    },
    select(step, from = '') {
      selected = step;
      tell('selection', from);
    },
    hover(steps) {
      if (steps.length === hovered.size && steps.every((step) => hovered.has(step))) return;
      hovered = new Set(steps);
      tell('hover');
    },
    find(steps) {
      found = steps && new Set(steps);
      tell('search');
    },
    stepsOfLine: (file, line) => lines.get(`${file} ${line}`) ?? [],
    on(change, listener) {
      const list = listeners.get(change);
      if (list) list.push(listener);
      else listeners.set(change, [listener]);
    },
  };
}

/** A step in words. */
export function describeStep({ platform, drawing }: State, step: number): string {
  const { text, stage, place } = platform.steps[step]!;
  const { lines, record, explanation } = drawing.facts[step]!;
  const [first] = lines;
  const state = record && (record.error ? 'failed' : record.cached ? 'cached' : undefined);
  return [
    text,
    stage !== undefined && `stage ${platform.stages[stage]!.name || 'of the file'}`,
    place && `step ${place.replace('/', ' of ')}`,
    first && (first.end > first.start ? `lines ${first.start} to ${first.end}` : `line ${first.start}`),
    state,
    explanation?.text,
  ]
    .filter(Boolean)
    .join(', ');
}

/** The step that makes the result of the build; undefined if it has none. */
export function resultStep({ platform }: State): number | undefined {
  return platform.result === undefined ? undefined : platform.ops[platform.result]!.step;
}
