/** What a build gives, as far as it decides about caches and images. */
import type { GoldenCase } from '../../golden/cases.ts';

interface Outcome {
  /** By platform; '' where there is one only. */
  readonly builds: Readonly<
    Record<string, { readonly head: unknown; readonly ops: Readonly<Record<string, unknown>> }>
  >;
  /** The metadata of the result: image configs and platforms. */
  readonly images: Readonly<Record<string, unknown>>;
}

interface Solve {
  readonly definition?: { readonly terminal?: unknown; readonly ops: Readonly<Record<string, unknown>> };
}

interface Recorded {
  readonly solves: readonly Solve[];
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly metadata: Readonly<Record<string, string>>;
    readonly ref?: unknown;
    readonly refs?: Readonly<Record<string, unknown>>;
  };
}

/** The ops by their digests and the images of a record. @throws Error if the build failed */
export function outcomeOf(
  record: Readonly<Record<string, unknown>>,
  { ignoreHistory = false }: { readonly ignoreHistory?: boolean } = {},
): Outcome {
  const { solves, result, error } = record as unknown as Recorded;
  if (!result) throw new Error(`the build failed: ${error?.message}`);
  const opsOf = (head: unknown) => {
    const found = solves.find(
      ({ definition }) => definition?.terminal && JSON.stringify(definition.terminal) === JSON.stringify(head),
    );
    return found?.definition?.ops ?? {};
  };
  const refs = result.refs ?? { '': result.ref };
  return {
    builds: Object.fromEntries(Object.entries(refs).map(([name, head]) => [name, { head, ops: opsOf(head) }])),
    images: Object.fromEntries(
      Object.entries(result.metadata).map(([key, value]) => [key, imageOf(value, ignoreHistory)]),
    ),
  };
}

function imageOf(json: string, ignoreHistory: boolean): unknown {
  const value = JSON.parse(json);
  if (!ignoreHistory || !value.history) return value;
  const { history, ...rest } = value;
  return { ...rest, emptyLayers: history.map((entry: { empty_layer?: boolean }) => entry.empty_layer === true) };
}

/** The case with a program beside its Dockerfile, which is built instead. */
export function withProgram(goldenCase: GoldenCase, program: string): GoldenCase {
  const files = new Map(goldenCase.files);
  for (const [name, content] of goldenCase.files) {
    if (/(?:^|[!/])Dockerfile\.dockerignore$/.test(name))
      files.set(name.replace(/Dockerfile\.dockerignore$/, 'build.ts.dockerignore'), content);
    if (!/(?:^|[!/])Dockerfile$/.test(name)) continue;
    files.set(name.replace(/Dockerfile$/, 'build.ts'), program);
    files.delete(name);
  }
  return { ...goldenCase, files, opts: { ...goldenCase.opts, filename: 'build.ts' } };
}
