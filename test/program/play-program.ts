/** Plays build programs against a daemon that builds nothing. */
import { images } from '../golden/lib/images.mjs';
import { play } from '../golden/play.ts';

interface Definition {
  readonly terminal?: { readonly digest: string };
  readonly ops: Readonly<Record<string, Op>>;
  readonly metadata: Readonly<Record<string, { readonly description?: Readonly<Record<string, string>> }>>;
}

interface Range {
  readonly start: { readonly line: number };
}

/** What the daemon has recorded. */
interface Recorded {
  readonly solves: readonly { readonly definition?: Definition }[];
  readonly warnings: readonly {
    readonly short: string;
    readonly filename?: string;
    readonly ranges?: readonly Range[];
  }[];
  readonly error?: {
    readonly message: string;
    readonly sources: readonly { readonly filename: string; readonly ranges?: readonly Range[] }[];
  };
  readonly result?: {
    readonly metadata: Readonly<Record<string, string>>;
    readonly ref?: { readonly digest: string };
    readonly refs?: Readonly<Record<string, { readonly digest: string }>>;
  };
}

interface Op {
  readonly exec?: { readonly meta: { readonly args: string[]; readonly env: string[]; readonly cwd: string } };
  readonly source?: { readonly identifier: string; readonly attrs?: Readonly<Record<string, string>> };
  readonly file?: { readonly actions: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[] };
  readonly merge?: object;
  readonly diff?: object;
}

interface Played {
  /** The error's message; undefined if nothing failed. */
  readonly error: string | undefined;
  /** Where the error is, as FILE:LINE. */
  readonly places: readonly string[];
  /** Warnings as FILE:LINE: TEXT. */
  readonly warnings: readonly string[];
  /** The metadata of the result. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The config of the image. */
  readonly image: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly history: readonly { created_by: string }[];
  };
  /** The ops of the result; of all platforms if there are several. */
  readonly ops: readonly Op[];
  /** The commands that are run. */
  readonly commands: readonly string[];
  /** Names of steps. */
  readonly steps: readonly string[];
}

/**
 * @param program the text of `build.ts`, or files by name
 * @param opts options of the frontend
 */
export async function playProgram(
  program: string | Readonly<Record<string, string>>,
  opts: Readonly<Record<string, string>> = {},
): Promise<Played> {
  const files = new Map(Object.entries(typeof program === 'string' ? { 'build.ts': program } : program));
  const played = await play({ comment: '', files, images, opts: { filename: 'build.ts', ...opts } });
  const { solves, warnings, result, error } = played as unknown as Recorded;
  const heads = new Set(Object.values(result?.refs ?? { '': result?.ref }).map((ref) => ref?.digest));
  const definitions = solves.flatMap(({ definition }) =>
    definition?.terminal && heads.has(definition.terminal.digest) ? [definition] : [],
  );
  const ops = definitions.flatMap((definition) => Object.values(definition.ops));
  const metadata = result?.metadata ?? {};
  const config = metadata['containerimage.config'];
  return {
    error: error?.message,
    places: (error?.sources ?? []).flatMap(({ filename, ranges = [] }) =>
      ranges.map(({ start }) => `${filename}:${start.line}`),
    ),
    warnings: warnings.map(({ short, filename, ranges }) => `${filename}:${ranges?.[0]?.start.line}: ${short}`),
    metadata,
    image: config === undefined ? undefined : JSON.parse(config),
    ops,
    commands: ops.flatMap((op) => (op.exec ? [op.exec.meta.args.at(-1)!] : [])),
    steps: definitions.flatMap((definition) =>
      Object.values(definition.metadata).flatMap(({ description }) => description?.['llb.customname'] ?? []),
    ),
  };
}
