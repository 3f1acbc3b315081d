/** `--call` and `--check`: asks a frontend about a Dockerfile instead of building it. */
import { type Connection, formatSource, type ProgressMode, type SolveOptions, solve } from '../../client/index.ts';
import { createSourceFile } from '../../diagnostic/source-file.ts';
import { inBuildFlags } from '../../gateway/build-flags.ts';
import { plainMessage, subrequestMessage, toStatus } from '../../gateway/error-status.ts';
import type { FrontendResult } from '../../gateway/run-frontend.ts';
import { marshalJson } from '../../go/json-encode.ts';
import { redactedJson, redactJsonText } from '../../text/redact.ts';
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';
import { explainedFrame, hintLine } from '../daemon-failure.ts';
import type { Io } from '../io.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { parseFields } from '../options/fields.ts';
import { writeOutput } from '../output.ts';
import type { ShownPath } from '../shown-path.ts';
import { decodeMetadata } from './metadata-file.ts';
import { show } from './show.ts';

/** A question to the frontend (`--call`), and the form of its answer. */
export interface SubrequestCall {
  readonly method: 'check' | 'outline' | 'targets' | 'describe';
  readonly json: boolean;
}

/** Where an answer goes, and how it is shown. */
interface CallOutput extends Pick<BuildFlags, 'metadataFile' | 'verbose'> {
  /** The paths of the files that the answer may name. */
  readonly shown: ShownPath;
  readonly mode: ProgressMode;
}

const requests = {
  check: 'frontend.lint',
  outline: 'frontend.outline',
  targets: 'frontend.targets',
  describe: 'frontend.subrequests.describe',
};

const methods = ['build', ...Object.keys(requests)];

/** Parses the flags; undefined for a build. @throws UsageError for an unknown method */
export function parseCall({ call, check }: Pick<BuildFlags, 'call' | 'check'>): SubrequestCall | undefined {
  if (check && call && !/^(build|check|lint)/.test(call)) throw new UsageError('--check and --call do not go together');
  const fields = parseFields('--call', check && (!call || call === 'build') ? 'check' : call || 'build');
  const [first = 'build'] = fields.keys();
  const method = fields.get('method') ?? (first === 'lint' ? 'check' : first);
  const format = fields.get('format') ?? '';
  if (format !== '' && format !== 'json' && format !== 'text')
    throw new UsageError(`--call: unsupported format ${JSON.stringify(format)}: known are text and json`);
  if (method === 'build') return undefined;
  if (!Object.hasOwn(requests, method))
    throw new UsageError(
      `--call: subrequest ${method} is not supported${didYouMean(method, methods, false)}: known are ${methods.join(', ')}`,
    );
  return { method: method as SubrequestCall['method'], json: format === 'json' };
}

/**
 * Prints the answer to standard output and writes all of it to the metadata file. Problems that would fail the build
 * are printed to standard error.
 *
 * @returns the exit code: 1 if a check has found problems
 */
export async function runCall(
  connection: Connection,
  options: SolveOptions,
  call: SubrequestCall,
  { metadataFile, shown, verbose, mode }: CallOutput,
  io: Io,
): Promise<number> {
  const { frontend } = options;
  if (typeof frontend !== 'function') throw new Error('--call needs a frontend that runs here');
  let answer: FrontendResult | undefined;
  const asking = solve(connection, {
    ...options,
    frontend: async (bridge) => {
      answer = await frontend(bridge);
      return { metadata: new Map() };
    },
    frontendAttrs: {
      ...options.frontendAttrs,
      'frontend.caps': [options.frontendAttrs?.['frontend.caps'], 'moby.buildkit.frontend.subrequests']
        .filter(Boolean)
        .join(','),
      requestid: requests[call.method],
    },
    exports: [],
    cacheTo: [],
    internal: true,
  });
  await show(asking, mode, { shown, verbose }, io);
  const failure = () => answer?.linted?.failure;
  const text = (key: string) => {
    const value = Buffer.from(answer?.metadata.get(key) ?? '').toString();
    return key === 'result.json' && failure() !== undefined ? withPlainMessage(value, failure()) : value;
  };
  if (metadataFile) {
    const sorted = [...(answer?.metadata.keys() ?? [])].sort();
    const all = Object.fromEntries(sorted.map((key) => [key, decodeMetadata(key, text(key))]));
    await writeOutput(metadataFile, redactedJson(all, 2), io);
  }
  const printAnswer = () =>
    call.json
      ? io.writeStdout(`${redactJsonText(text('result.json').trim())}\n`)
      : io.print(withPath(text('result.txt'), shown));
  if (call.method !== 'check') {
    await printAnswer();
    return 0;
  }
  const { warnings, buildError, sources } = JSON.parse(text('result.json') || '{}') as LintAnswer;
  const count = warnings?.length ?? 0;
  const found = ['no warnings found.', '1 warning has been found!'][count] ?? `${count} warnings have been found!`;
  if (!call.json && (count > 0 || !buildError)) await io.print(`Check complete, ${found}\n`);
  await printAnswer();
  if (buildError) io.writeStderr(buildErrorText(buildError, sources, failure(), shown));
  return count > 0 || buildError || Number(text('result.statuscode')) !== 0 ? 1 : 0;
}

/** @param failure the error of a frontend in this process: it has hints and further problems, which the answer lacks */
function buildErrorText(
  { message, location }: NonNullable<LintAnswer['buildError']>,
  sources: LintAnswer['sources'],
  failure: unknown,
  shown: ShownPath,
): string {
  const [source] = sources ?? [];
  const file = createSourceFile(source?.filename ?? '', Buffer.from(source?.data ?? '', 'base64').toString());
  const frame = formatSource({
    filename: shown(file.filename),
    text: file.text,
    ranges: (location?.ranges ?? []).map(({ start, end }) => ({ start: start.line, end: end.line })),
  });
  const full = failure === undefined ? message : toStatus(failure, inBuildFlags).message;
  const shownMessage = full ?? 'the Dockerfile cannot be built';
  return `ERROR: ${shownMessage}\n${frame || explainedFrame(failure, file, shown)}${hintLine(failure, shownMessage)}`;
}

/** The fields of the JSON of `frontend.lint` that are used. */
interface LintAnswer {
  readonly warnings?: readonly unknown[] | null;
  readonly sources?: readonly { readonly filename?: string; readonly data?: string }[];
  readonly buildError?: {
    readonly message?: string;
    readonly location?: {
      readonly ranges?: readonly {
        readonly start: { readonly line: number };
        readonly end: { readonly line: number };
      }[];
    };
  };
}

/**
 * Replaces the message by that of the daemon's built-in frontend. A frontend that talks to the daemon adds the names of
 * gRPC codes.
 */
function withPlainMessage(json: string, failure: unknown): string {
  return json.replace(marshalJson(subrequestMessage(failure)), () => marshalJson(plainMessage(failure)));
}

/** Replaces the file names in code frames by the paths that the user knows. */
function withPath(text: string, shown: ShownPath): string {
  return text.replaceAll(/^(.*)(:\d+\n-{20}\n)/gm, (_, name: string, rest: string) => shown(name) + rest);
}
