/** `--call` and `--check`: asks a frontend about a Dockerfile instead of building it. */
import {
  type Connection,
  createDisplay,
  formatSource,
  type ProgressMode,
  type SolveOptions,
  showProgress,
  solve,
} from '../../client/index.ts';
import type { Result } from '../../gateway/bridge.ts';
import { plainMessage, requestMessage, toStatus } from '../../gateway/errors.ts';
import { marshalJson } from '../../go/json-encode.ts';
import { UsageError } from '../../offline/usage-error.ts';
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';
import { parseFields } from './fields.ts';
import { decodeMetadata } from './metadata.ts';
import type { BuildFlags } from './options.ts';
import { shownPath } from './report.ts';

export interface Call {
  readonly method: 'check' | 'outline' | 'targets' | 'describe';
  readonly json: boolean;
}

const requests = {
  check: 'frontend.lint',
  outline: 'frontend.outline',
  targets: 'frontend.targets',
  describe: 'frontend.subrequests.describe',
};

/** undefined to build. @throws UsageError for a method that is not known */
export function parseCall({ call, check }: Pick<BuildFlags, 'call' | 'check'>): Call | undefined {
  if (check && call && !/^(build|check|lint)/.test(call)) throw new UsageError('--check and --call do not go together');
  const fields = parseFields('--call', check && (!call || call === 'build') ? 'check' : call || 'build');
  const [first = 'build'] = fields.keys();
  const method = fields.get('method') ?? (first === 'lint' ? 'check' : first);
  const format = fields.get('format') ?? '';
  if (format !== '' && format !== 'json' && format !== 'text')
    throw new UsageError(`unsupported format ${format} of --call: known are text and json`);
  if (method === 'build') return undefined;
  if (!Object.hasOwn(requests, method)) throw new UsageError(`subrequest ${method} is not supported`);
  return { method: method as Call['method'], json: format === 'json' };
}

/**
 * Prints the answer on standard output, and writes all of it to the metadata file. What would fail the build goes to
 * standard error.
 *
 * @param dockerfile the path of the Dockerfile as the user knows it; '' for none
 * @returns the exit code: 1 where a check has found something
 */
export async function runCall(
  connection: Connection,
  options: SolveOptions,
  call: Call,
  { metadataFile, dockerfile }: Pick<BuildFlags, 'metadataFile'> & { readonly dockerfile: string },
  mode: ProgressMode,
  io: Io,
): Promise<number> {
  const { frontend } = options;
  if (typeof frontend !== 'function') throw new Error('--call needs a frontend that runs here');
  let answer: Result | undefined;
  const asking = solve(connection, {
    ...options,
    frontend: async (bridge) => {
      answer = await frontend(bridge);
      return { metadata: new Map() };
    },
    frontendAttrs: {
      ...options.frontendAttrs,
      'frontend.caps': 'moby.buildkit.frontend.subrequests',
      requestid: requests[call.method],
    },
    exports: [],
    cacheTo: [],
    internal: true,
  });
  await showProgress(asking.status, await createDisplay(mode, io.stderr, io.env));
  await asking.result;
  const text = (key: string) => {
    const value = Buffer.from(answer?.metadata.get(key) ?? '').toString();
    return key === 'result.json' && answer?.failure !== undefined ? withPlainMessage(value, answer.failure) : value;
  };
  if (metadataFile) {
    const sorted = [...(answer?.metadata.keys() ?? [])].sort();
    const all = Object.fromEntries(sorted.map((key) => [key, decodeMetadata(key, text(key))]));
    await writeOutput(metadataFile, JSON.stringify(all, null, 2), io);
  }
  const printAnswer = () =>
    call.json ? io.writeStdout(`${text('result.json').trim()}\n`) : io.print(withPath(text('result.txt'), dockerfile));
  if (call.method !== 'check') {
    await printAnswer();
    return 0;
  }
  const { warnings, buildError, sources } = JSON.parse(text('result.json') || '{}') as LintAnswer;
  const count = warnings?.length ?? 0;
  const found = ['no warnings found.', '1 warning has been found!'][count] ?? `${count} warnings have been found!`;
  if (!call.json && (count > 0 || !buildError)) await io.print(`Check complete, ${found}\n`);
  await printAnswer();
  if (buildError) {
    // a frontend in this process knows more than its answer can hold: hints, and further problems
    const message = answer?.failure === undefined ? buildError.message : toStatus(answer.failure).message;
    const [source] = sources ?? [];
    const frame = formatSource({
      filename: shownPath(source?.filename ?? '', dockerfile),
      text: Buffer.from(source?.data ?? '', 'base64').toString(),
      ranges: (buildError.location?.ranges ?? []).map(({ start, end }) => ({ start: start.line, end: end.line })),
    });
    io.writeStderr(`ERROR: ${message ?? 'the Dockerfile cannot be built'}\n${frame}`);
  }
  return count > 0 || buildError || Number(text('result.statuscode')) !== 0 ? 1 : 0;
}

/** The JSON of `frontend.lint`, as far as it is looked at. */
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

/** The message as the daemon's own frontend gives it; one that talks to the daemon names the codes of its errors. */
function withPlainMessage(json: string, failure: unknown): string {
  return json.replace(marshalJson(requestMessage(failure)), () => marshalJson(plainMessage(failure)));
}

/** Frames in a text of the frontend name the file as it knows it: now as the user does. */
function withPath(text: string, dockerfile: string): string {
  return text.replaceAll(
    /^(.*)(:\d+\n-{20}\n)/gm,
    (_, name: string, rest: string) => shownPath(name, dockerfile) + rest,
  );
}
