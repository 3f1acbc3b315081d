/** A build as the displays show it: its steps in the order in which they started, groups of steps as one. */
import type { StatusUpdate, Vertex, VertexStatus, VertexWarning } from '../status.ts';

interface Interval {
  readonly start: number;
  readonly stop: number | undefined;
}

/** The members of a group, counted so that a report of one need not look at all. */
interface Group {
  readonly members: Map<string, Vertex>;
  /** Errors by member, of the members that have one. */
  readonly errors: Map<string, string>;
  cached: number;
}

/** A step, or a group of steps that is shown as one. */
export interface DisplayStep {
  /** The digest of its vertex, or the id of the group. */
  readonly id: string;
  /** What is shown of it. */
  name: string;
  /** Whether its result came from the cache; of a group, that of all members. */
  cached: boolean;
  /** Why it failed; empty if it did not. */
  error: string;
  /** When it ran; steps can start several times. */
  readonly intervals: Map<number, number | undefined>;
  /** The same without overlaps, in order; undefined when it has to be found out anew. */
  merged: readonly Interval[] | undefined;
  /** Its transfers and other parts, by their ids. */
  readonly statuses: Map<string, VertexStatus>;
  /** Those of them that have started and not ended. */
  readonly open: Map<string, VertexStatus>;
  /** The ids that appeared last, at most `maxNewest`. */
  readonly newest: string[];
  /** Its warnings, in the order in which they came. */
  readonly warnings: VertexWarning[];
  /** The group that is shown as this step; undefined for a step of its own. */
  readonly group: Group | undefined;
  /** A group is hidden as long as only its weak members run. */
  hidden: boolean;
}

/** All steps of a build that are known so far. */
export class Trace {
  /** Started steps. */
  readonly steps: DisplayStep[] = [];
  private readonly shown = new Set<DisplayStep>();
  private readonly byVertex = new Map<string, DisplayStep>();
  private readonly byId = new Map<string, DisplayStep>();
  private firstStart: number | undefined;

  /** The number of steps that are known. */
  get total(): number {
    return [...this.byId.values()].filter((step) => !step.hidden).length;
  }

  /** The number of them that have ended. */
  get completed(): number {
    return [...this.byId.values()].filter((step) => !step.hidden && isCompleted(step)).length;
  }

  /** Milliseconds since the epoch, by the daemon's clock; undefined before the first step started. */
  get started(): number | undefined {
    return this.firstStart;
  }

  /** The step that a vertex is shown as; undefined if it is not known. */
  stepOf(vertex: string): DisplayStep | undefined {
    return this.byVertex.get(vertex);
  }

  /** Takes an update and returns the steps it changed. */
  update(update: StatusUpdate): ReadonlySet<DisplayStep> {
    const changed = new Set<DisplayStep>();
    const mark = (step: DisplayStep | undefined) => {
      if (step && this.shown.has(step)) changed.add(step);
    };
    for (const vertex of update.vertexes) mark(this.takeVertex(vertex));
    for (const status of update.statuses) {
      const step = this.byVertex.get(status.vertex);
      if (step) takeStatus(step, status);
      mark(step);
    }
    for (const warning of update.warnings) {
      const step = this.byVertex.get(warning.vertex);
      step?.warnings.push(warning);
      if (step && !isCompleted(step)) mark(step); // what is done is not shown once more for a warning
    }
    for (const log of update.logs) mark(this.byVertex.get(log.vertex));
    return changed;
  }

  /** Takes what is said of a vertex. Returns its step, or undefined if nothing changed. */
  private takeVertex(vertex: Vertex): DisplayStep | undefined {
    const step = this.stepFor(vertex);
    // A repeated first report must not undo what is known.
    if (vertex.started === undefined && step.intervals.size > 0) return undefined;
    if (vertex.started !== undefined) {
      this.firstStart ??= vertex.started;
      step.intervals.set(vertex.started, vertex.completed);
      step.merged = undefined;
    }
    if (step.group) takeMember(step, step.group, vertex);
    else {
      step.name = vertex.name;
      step.cached = vertex.cached;
      step.error = vertex.error;
    }
    if (step.intervals.size > 0 && !step.hidden && !this.shown.has(step)) {
      this.shown.add(step);
      this.steps.push(step);
    }
    return step;
  }

  private stepFor(vertex: Vertex): DisplayStep {
    const group = vertex.progressGroup;
    const id = group ? group.id : vertex.digest;
    let step = this.byId.get(id);
    if (!step) {
      step = {
        id,
        name: group ? group.name : vertex.name,
        cached: false,
        error: '',
        intervals: new Map(),
        merged: undefined,
        statuses: new Map(),
        open: new Map(),
        newest: [],
        warnings: [],
        group: group && { members: new Map(), errors: new Map(), cached: 0 },
        hidden: group !== undefined,
      };
      this.byId.set(id, step);
    }
    this.byVertex.set(vertex.digest, step);
    return step;
  }
}

function takeMember(step: DisplayStep, group: Group, vertex: Vertex): void {
  const { members, errors } = group;
  group.cached += Number(vertex.cached) - Number(members.get(vertex.digest)?.cached ?? false);
  members.set(vertex.digest, vertex);
  if (vertex.error) errors.set(vertex.digest, vertex.error);
  else errors.delete(vertex.digest);
  step.cached = group.cached === members.size;
  step.error = errors.values().next().value ?? '';
  if (step.error || (vertex.started !== undefined && !vertex.progressGroup?.weak)) step.hidden = false;
}

/** More lines than this are on no screen. */
const maxNewest = 200;

function takeStatus(step: DisplayStep, status: VertexStatus): void {
  if (!step.statuses.has(status.id)) {
    step.newest.push(status.id);
    if (step.newest.length > maxNewest) step.newest.shift();
  }
  step.statuses.set(status.id, status);
  if (status.started !== undefined && status.completed === undefined) step.open.set(status.id, status);
  else step.open.delete(status.id);
}

/** The statuses of a step that may be shown: those in progress, and the newest. */
export function visibleStatuses(step: DisplayStep): Iterable<VertexStatus> {
  if (step.statuses.size <= maxNewest) return step.statuses.values();
  const visible = new Map<string, VertexStatus>();
  for (const [id, status] of step.open) {
    visible.set(id, status);
    if (visible.size === maxNewest) break;
  }
  for (const id of step.newest) visible.set(id, step.statuses.get(id)!);
  return visible.values();
}

/** Whether a step has run and is not running. */
export function isCompleted(step: DisplayStep): boolean {
  const last = mergedIntervals(step).at(-1);
  return last !== undefined && last.stop !== undefined;
}

/** Whether the step ended because the build did. */
export function isCanceled(step: DisplayStep): boolean {
  return step.error.endsWith('context canceled');
}

/** Seconds for which the step ran, or has been running at `now`. */
export function duration(step: DisplayStep, now: number): number {
  let sum = 0;
  for (const { start, stop } of mergedIntervals(step)) sum += Math.max(0, (stop ?? now) - start);
  return sum / 1000;
}

/** When a completed step ended. */
export function completedAt(step: DisplayStep): number {
  return mergedIntervals(step).at(-1)?.stop ?? 0;
}

/** When the last run of a step started, in milliseconds since the epoch; 0 if it has not started. */
export function startedAt(step: DisplayStep): number {
  return mergedIntervals(step).at(-1)?.start ?? 0;
}

function mergedIntervals(step: DisplayStep): readonly Interval[] {
  step.merged ??= mergeIntervals(step);
  return step.merged;
}

function mergeIntervals(step: DisplayStep): readonly Interval[] {
  const sorted = [...step.intervals].map(([start, stop]) => ({ start, stop })).sort((a, b) => a.start - b.start);
  const merged: Interval[] = [];
  for (const next of sorted) {
    const current = merged.at(-1);
    if (!current || (current.stop !== undefined && current.stop < next.start)) merged.push(next);
    else if (current.stop !== undefined)
      merged[merged.length - 1] = {
        start: current.start,
        stop: next.stop === undefined ? undefined : Math.max(current.stop, next.stop),
      };
  }
  return merged;
}
