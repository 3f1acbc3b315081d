/** `--call` and `--check`: asks a frontend about a Dockerfile instead of building it. */
import path from 'node:path';
import {
  type Connection,
  createDisplay,
  type ProgressMode,
  type SolveOptions,
  showProgress,
  solve,
} from '../../client/index.ts';
import type { Result } from '../../gateway/bridge.ts';
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';
import { parseFields } from './fields.ts';
import { decodeMetadata } from './metadata.ts';
import type { BuildFlags } from './options.ts';

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

/** undefined to build. @throws Error for a method that is not known */
export function parseCall({ call, check }: Pick<BuildFlags, 'call' | 'check'>): Call | undefined {
  if (check && call && !/^(build|check|lint)/.test(call)) throw new Error('--check and --call do not go together');
  const fields = parseFields('--call', check && (!call || call === 'build') ? 'check' : call || 'build');
  const [first = 'build'] = fields.keys();
  const method = fields.get('method') ?? (first === 'lint' ? 'check' : first);
  const format = fields.get('format') ?? '';
  if (format !== '' && format !== 'json' && format !== 'text')
    throw new Error(`unsupported format ${format} of --call`);
  if (method === 'build') return undefined;
  if (!Object.hasOwn(requests, method)) throw new Error(`subrequest ${method} is not supported`);
  return { method: method as Call['method'], json: format === 'json' };
}

/** Prints the answer on standard output, and writes all of it to the metadata file. @returns the exit code: 1 where a check has found something */
export async function runCall(
  connection: Connection,
  options: SolveOptions,
  call: Call,
  flags: Pick<BuildFlags, 'metadataFile'> & { readonly dockerfile: string },
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
  const text = (key: string) => Buffer.from(answer?.metadata.get(key) ?? '').toString();
  if (flags.metadataFile) {
    const sorted = [...(answer?.metadata.keys() ?? [])].sort();
    const all = Object.fromEntries(sorted.map((key) => [key, decodeMetadata(key, text(key))]));
    await writeOutput(flags.metadataFile, JSON.stringify(all, null, 2), io);
  }
  const printAnswer = () =>
    call.json
      ? io.writeStdout(`${text('result.json').trim()}\n`)
      : io.print(namePath(text('result.txt'), flags.dockerfile));
  if (call.method !== 'check') {
    await printAnswer();
    return 0;
  }
  const { warnings, buildError } = JSON.parse(text('result.json') || '{}') as {
    warnings?: unknown[] | null;
    buildError?: unknown;
  };
  const count = warnings?.length ?? 0;
  const found = ['no warnings found.', '1 warning has been found!'][count] ?? `${count} warnings have been found!`;
  if (!call.json && (count > 0 || !buildError)) await io.print(`Check complete, ${found}\n`);
  await printAnswer();
  return count > 0 || buildError || Number(text('result.statuscode')) !== 0 ? 1 : 0;
}

/** Names the Dockerfile in the places of findings by its path, whose last part is what the frontend knows. */
function namePath(text: string, dockerfile: string): string {
  if (dockerfile === '') return text;
  const name = path.basename(dockerfile);
  return text
    .split('\n')
    .map((line) =>
      line.startsWith(`${name}:`) && /^\d+$/.test(line.slice(name.length + 1))
        ? line.replace(name, () => dockerfile)
        : line,
    )
    .join('\n');
}
