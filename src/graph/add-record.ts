/**
 * Joins a graph with the record of a build: times, what came from the cache, and the chain of steps that took longest.
 */
import type { OpRecord, PlatformGraph } from './graph-model.ts';
import type { ProgressRecord, RecordedVertex } from './progress-record.ts';

/**
 * Adds the record to the ops. An op is found by its digest, or by its name: the digests of what needs the build context
 * differ from build to build, because they name its session.
 *
 * @param shown makes texts of the record what the graph has in their place
 */
export function addRecord(graph: PlatformGraph, given: ProgressRecord, shown: (text: string) => string): PlatformGraph {
  const record: ProgressRecord = {
    vertexes: given.vertexes.map((it) => ({ ...it, name: shown(it.name), error: shown(it.error) })),
  };
  const found = match(graph, record);
  const runs = record.vertexes.flatMap((vertex) => vertex.runs);
  const start = runs.reduce((least, run) => Math.min(least, run.started), Number.POSITIVE_INFINITY);
  const end = runs.reduce((most, run) => Math.max(most, run.completed), start);
  const span = ({ runs }: RecordedVertex) => ({
    startedMs: runs.length > 0 ? runs[0]!.started - start : 0,
    completedMs: runs.reduce((most, run) => Math.max(most, run.completed - start), 0),
  });
  const drafts = graph.ops.map((_, op): OpRecord | undefined => {
    const vertex = found.get(op);
    if (!vertex || (vertex.runs.length === 0 && !vertex.cached)) return undefined;
    const { cached, error, bytes } = vertex;
    const ranMs = vertex.runs.reduce((sum, run) => sum + run.completed - run.started, 0);
    return { ...span(vertex), ranMs, cached, error, bytes, critical: false };
  });
  const critical = criticalPath(graph, drafts);
  const used = new Set(found.values());
  const known = drafts.filter((it) => it !== undefined);
  return {
    ...graph,
    ops: graph.ops.map((op, index) => {
      const made = drafts[index];
      return made ? { ...op, record: { ...made, critical: critical.has(index) } } : op;
    }),
    record: {
      totalMs: runs.length > 0 ? end - start : 0,
      workMs: runs.reduce((sum, run) => sum + run.completed - run.started, 0),
      mostAtOnce: mostAtOnce(runs),
      ran: known.filter((it) => !it.cached).length,
      cached: known.filter((it) => it.cached).length,
      unknown: graph.ops.length - known.length,
      others: record.vertexes
        .filter((vertex) => !used.has(vertex) && vertex.runs.length > 0)
        .map((vertex) => ({ name: vertex.name, ...span(vertex) })),
    },
  };
}

function match({ ops }: PlatformGraph, { vertexes }: ProgressRecord): Map<number, RecordedVertex> {
  const found = new Map<number, RecordedVertex>();
  const byDigest = new Map(vertexes.map((vertex) => [vertex.digest, vertex]));
  const byName = new Map<string, RecordedVertex[]>();
  const digests = new Set(ops.map(({ digest }) => digest));
  for (const vertex of vertexes) {
    if (digests.has(vertex.digest)) continue;
    const same = byName.get(vertex.name);
    if (same) same.push(vertex);
    else byName.set(vertex.name, [vertex]);
  }
  ops.forEach(({ digest, name }, op) => {
    const vertex = byDigest.get(digest) ?? byName.get(name)?.shift();
    if (vertex) found.set(op, vertex);
  });
  return found;
}

/** The chain that the end waited for: from the op that ended last, always to the input that ended last. */
function criticalPath({ ops }: PlatformGraph, records: readonly (OpRecord | undefined)[]): Set<number> {
  const path = new Set<number>();
  const last = (among: readonly number[]) =>
    among.reduce<number | undefined>((best, op) => {
      const record = records[op];
      if (!record || record.cached) return best;
      return best === undefined || record.completedMs > records[best]!.completedMs ? op : best;
    }, undefined);
  for (let op = last(ops.map((_, index) => index)); op !== undefined; op = last(ops[op]!.inputs.map((it) => it.op)))
    path.add(op);
  return path;
}

function mostAtOnce(runs: RecordedVertex['runs']): number {
  const changes = runs
    .filter((run) => run.completed > run.started)
    .flatMap((run) => [
      { at: run.started, by: 1 },
      { at: run.completed, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of changes) most = Math.max(most, (now += by));
  return most;
}
