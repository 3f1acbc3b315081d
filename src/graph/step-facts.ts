/** What the drawings say about a step: its ops together. */
import type { GraphLines, OpExplanation, PlatformGraph } from './graph-model.ts';

/** The kind of a step, by which drawings colour it. */
type StepKind = 'source' | 'run' | 'file' | 'merge';

/** A step's ops together. */
export interface StepFacts {
  readonly kind: StepKind;
  /** undefined without a record, or if the record does not have the step. */
  readonly record: StepRecord | undefined;
  readonly explanation: OpExplanation | undefined;
  /** The lines of all its ops. */
  readonly lines: readonly GraphLines[];
}

/** Times are milliseconds since the build began. */
interface StepRecord {
  readonly startedMs: number;
  readonly completedMs: number;
  readonly ranMs: number;
  /** Whether all came from the cache. */
  readonly cached: boolean;
  readonly error: string;
  readonly bytes: number;
  readonly critical: boolean;
}

const kinds: Readonly<Record<string, StepKind>> = {
  run: 'run',
  build: 'run',
  file: 'file',
  merge: 'merge',
  diff: 'merge',
  pass: 'merge',
};

/** Joins what is known about the ops of a step. */
export function stepFacts({ steps, ops }: PlatformGraph, step: number): StepFacts {
  const own = steps[step]!.ops.map((op) => ops[op]!);
  const found = new Set(own.map(({ kind }) => kinds[kind] ?? 'source'));
  const kind = (['run', 'source', 'file', 'merge'] as const).find((it) => found.has(it)) ?? 'file';
  const changes = own.flatMap(({ explanation }) => explanation ?? []);
  const explanation =
    changes.find(({ change }) => change === 'cause') ??
    changes.find(({ change }) => change === 'follows') ??
    changes[0];
  const lines = new Map(own.flatMap((op) => op.lines.map((it) => [`${it.file} ${it.start} ${it.end}`, it] as const)));
  return {
    kind,
    record: joinRecords(own.flatMap(({ record }) => record ?? [])),
    explanation,
    lines: [...lines.values()],
  };
}

function joinRecords(records: readonly StepRecord[]): StepRecord | undefined {
  const [first] = records;
  if (!first || records.length === 1) return first;
  return {
    startedMs: Math.min(...records.map((it) => it.startedMs)),
    completedMs: Math.max(...records.map((it) => it.completedMs)),
    ranMs: records.reduce((sum, it) => sum + it.ranMs, 0),
    cached: records.every((it) => it.cached),
    error: records.find((it) => it.error !== '')?.error ?? '',
    bytes: records.reduce((sum, it) => sum + it.bytes, 0),
    critical: records.some((it) => it.critical),
  };
}

/** The step that a step on the critical path waited for last; undefined if it waited for no step. */
export function criticalInput({ steps, ops }: PlatformGraph, step: number): number | undefined {
  const inputs = steps[step]!.ops.flatMap((op) =>
    ops[op]!.record?.critical ? ops[op]!.inputs.map((it) => it.op) : [],
  );
  const critical = inputs.filter((op) => ops[op]!.record?.critical && ops[op]!.step !== step);
  const last = critical.reduce<number | undefined>(
    (best, op) => (best === undefined || ops[op]!.record!.completedMs > ops[best]!.record!.completedMs ? op : best),
    undefined,
  );
  return last === undefined ? undefined : ops[last]!.step;
}

/** A time for people: `340 ms`, `2.4 s`, `3 m 20 s`. */
export function formatTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}
