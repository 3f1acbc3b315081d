/**
 * Reads the progress of a build, as `tsfront build --progress rawjson` and `docker build --progress rawjson` write it.
 */
import { aString, checkArgument } from '../text/arguments.ts';
import { printableLine } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';

/** What a daemon reported about a build. */
export interface ProgressRecord {
  /** The steps, in the order in which they were reported first. */
  readonly vertexes: readonly RecordedVertex[];
}

/** A step of a recorded build. */
export interface RecordedVertex {
  /** Digest of its op. */
  readonly digest: string;
  /** Its name. */
  readonly name: string;
  /** When it ran, in milliseconds since the epoch; several times if it was taken up again. */
  readonly runs: readonly { readonly started: number; readonly completed: number }[];
  /** Whether its result was in the cache. */
  readonly cached: boolean;
  /** Its error; '' if it did not fail. */
  readonly error: string;
  /** Bytes that it transferred: layers that were pulled, files of a context. 0 if none were reported. */
  readonly bytes: number;
}

interface VertexDraft {
  name: string;
  cached: boolean;
  error: string;
  readonly runs: { started: number; completed: number }[];
  readonly bytes: Map<string, number>;
}

/** Progress within a step that counts bytes: a layer, or files. */
const countsBytes = /^(?:sha256:|transferring )/;

/**
 * Reads such a file: a report a line. Other lines are left out, because a terminal's log may have some.
 *
 * @param file its name, for errors
 * @throws Error if no line is a report of a step
 * @example
 * const record = readProgress(await readFile('build.jsonl', 'utf8'), 'build.jsonl');
 * const graph = buildGraph(await compile(options), { record });
 */
export function readProgress(text: string, file: string): ProgressRecord {
  checkArgument('readProgress', 'text', text, aString);
  checkArgument('readProgress', 'file', file, aString);
  const drafts = new Map<string, VertexDraft>();
  for (const line of text.split('\n')) {
    const report = parseReport(line);
    for (const vertex of objects(report?.['vertexes'])) addVertex(drafts, vertex);
    for (const status of objects(report?.['statuses'])) addStatus(drafts, status);
  }
  if (drafts.size === 0)
    throw new Error(
      `${file} has no report of a step: it must be what \`tsfront build --progress rawjson\` or \`docker build --progress rawjson\` writes to standard error`,
    );
  return {
    vertexes: [...drafts].map(([digest, { bytes, ...vertex }]) => ({
      digest,
      ...vertex,
      bytes: [...bytes.values()].reduce((sum, it) => sum + it, 0),
    })),
  };
}

type Json = Readonly<Record<string, unknown>>;

function parseReport(line: string): Json | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined; // another program wrote to the same file
  }
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((it): it is Json => typeof it === 'object' && it !== null) : [];
}

const textOf = (value: unknown) => (typeof value === 'string' ? printableLine(redactCredentials(value)) : '');

function addVertex(drafts: Map<string, VertexDraft>, vertex: Json): void {
  const { digest } = vertex;
  if (typeof digest !== 'string') return;
  const draft: VertexDraft = drafts.get(digest) ?? { name: '', cached: false, error: '', runs: [], bytes: new Map() };
  drafts.set(digest, draft);
  draft.name = textOf(vertex['name']) || draft.name;
  draft.error = textOf(vertex['error']) || draft.error;
  if (vertex['cached'] === true) draft.cached = true;
  const [started, completed] = [timeOf(vertex['started']), timeOf(vertex['completed'])];
  if (started === undefined) return;
  const last = draft.runs.at(-1);
  const end = Math.max(started, completed ?? started);
  if (last?.started === started) last.completed = end;
  else draft.runs.push({ started, completed: end });
}

function addStatus(drafts: Map<string, VertexDraft>, { id, vertex, current, total }: Json): void {
  if (typeof id !== 'string' || typeof vertex !== 'string' || !countsBytes.test(id)) return;
  const sizes = [current, total].filter((it) => typeof it === 'number');
  drafts.get(vertex)?.bytes.set(id, Math.max(0, ...sizes));
}

/** Go writes nanoseconds, which `Date` cuts. */
function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
