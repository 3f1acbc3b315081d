/**
 * What the parts of the viewer share: the graph that is shown, the step that is selected, the steps that a search has
 * found.
 */
import { createDrawing, type Drawing } from '../../src/graph/draw.ts';
import type { BuildGraph, PlatformGraph } from '../../src/graph/graph-model.ts';
import { layoutGraph } from '../../src/graph/layout.ts';

/** A change that parts listen to. */
type Change = 'graph' | 'selection' | 'hover' | 'search';

const noGraph: BuildGraph = { version: 1, files: [], platforms: [{ platform: '', stages: [], steps: [], ops: [] }] };

/** A graph that is shown: one of its platforms, drawn. */
interface Shown {
  readonly graph: BuildGraph;
  readonly platform: PlatformGraph;
  readonly drawing: Drawing;
  /** The steps that use each step. */
  readonly users: readonly (readonly number[])[];
  /** The steps by file and line. */
  readonly byLine: ReadonlyMap<string, readonly number[]>;
}

export class State {
  private readonly listeners = new Map<Change, ((from: string) => void)[]>();
  private shown = prepare(noGraph, 0);
  private selectedStep: number | undefined;
  private hoveredSteps: ReadonlySet<number> = new Set();
  private foundSteps: ReadonlySet<number> | undefined;

  get graph(): BuildGraph {
    return this.shown.graph;
  }

  get platform(): PlatformGraph {
    return this.shown.platform;
  }

  get drawing(): Drawing {
    return this.shown.drawing;
  }

  /** The steps that use each step. */
  get users(): readonly (readonly number[])[] {
    return this.shown.users;
  }

  get selected(): number | undefined {
    return this.selectedStep;
  }

  get hovered(): ReadonlySet<number> {
    return this.hoveredSteps;
  }

  /** undefined if nothing is searched for. */
  get found(): ReadonlySet<number> | undefined {
    return this.foundSteps;
  }

  /** Steps that were made of a line. */
  stepsOfLine(file: number, line: number): readonly number[] {
    return this.shown.byLine.get(lineKey(file, line)) ?? [];
  }

  /** Shows another graph. The selected step stays selected if there is a step with the same text. */
  show(graph: BuildGraph, platform = 0): void {
    const before = this.selected === undefined ? undefined : this.platform.steps[this.selected];
    this.shown = prepare(graph, platform);
    this.hoveredSteps = new Set();
    this.foundSteps = undefined;
    const same = before
      ? this.platform.steps.findIndex((it) => it.text === before.text && it.place === before.place)
      : -1;
    this.selectedStep = same < 0 ? undefined : same;
    this.tell('graph');
    this.tell('selection', 'graph');
  }

  /** @param from the part of the page whose user selects it: the others move it into view */
  select(step: number | undefined, from = ''): void {
    this.selectedStep = step;
    this.tell('selection', from);
  }

  hover(steps: readonly number[]): void {
    if (steps.length === this.hovered.size && steps.every((step) => this.hovered.has(step))) return;
    this.hoveredSteps = new Set(steps);
    this.tell('hover');
  }

  find(steps: readonly number[] | undefined): void {
    this.foundSteps = steps && new Set(steps);
    this.tell('search');
  }

  /** Calls a function at a change; `from` is that of the selection. */
  on(change: Change, listener: (from: string) => void): void {
    const list = this.listeners.get(change);
    if (list) list.push(listener);
    else this.listeners.set(change, [listener]);
  }

  private tell(change: Change, from = ''): void {
    for (const listener of this.listeners.get(change) ?? []) listener(from);
  }
}

function prepare(graph: BuildGraph, at: number): Shown {
  const platform = graph.platforms[at] ?? noGraph.platforms[0]!;
  const users: number[][] = platform.steps.map(() => []);
  platform.steps.forEach(({ inputs }, step) => {
    for (const input of inputs) users[input]!.push(step);
  });
  const drawing = createDrawing(platform, layoutGraph(platform));
  return { graph, platform, drawing, users, byLine: stepsByLine(drawing) };
}

function stepsByLine({ facts }: Drawing): Map<string, number[]> {
  const steps = new Map<string, number[]>();
  facts.forEach(({ lines }, step) => {
    for (const { file, start, end } of lines)
      for (let line = start; line <= end; line++) {
        const key = lineKey(file, line);
        const same = steps.get(key);
        if (!same) steps.set(key, [step]);
        else if (!same.includes(step)) same.push(step);
      }
  });
  return steps;
}

const lineKey = (file: number, line: number) => `${file} ${line}`;

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
