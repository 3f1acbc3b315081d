/** `tsfront compile`: a Dockerfile to LLB, without a daemon. */
import { Command, Option } from 'commander';
import type { Compiled } from '../offline/compile.ts';
import { UsageError } from '../offline/usage-error.ts';
import { addBuildOptions, type BuildFlags, openBuild } from './build-options.ts';
import { Exit, exitCode } from './exit.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';
import { writeOutput, writeText } from './output.ts';

interface CompileFlags extends BuildFlags {
  readonly format: 'json' | 'pb' | 'tree';
  readonly output?: string;
}

export function compileCommand(io: Io): Command {
  const command = new Command('compile')
    .summary('compile a Dockerfile to LLB without a daemon')
    .description('compile a Dockerfile to LLB, with the ops and digests that BuildKit gets from the frontend')
    .addOption(
      new Option('--format <format>', 'json as frontend.convertllb, pb as `buildctl build` reads it, tree for people')
        .choices(['json', 'pb', 'tree'])
        .default('json'),
    )
    .option('-o, --output <file>', 'file to write to; with several platforms and pb one file for each')
    .action((context: string, flags: CompileFlags) => run(context, flags, io));
  return addBuildOptions(command);
}

async function run(context: string, flags: CompileFlags, io: Io): Promise<void> {
  if (flags.format === 'pb' && flags.output === undefined && io.stdoutIsTerminal)
    throw new UsageError('the binary format is not for terminals: give a file with --output');
  const compiled = await compileBuild(context, flags, io);
  for (const [file, data] of await render(compiled, flags)) {
    if (flags.format === 'tree') await writeText(file, String(data), io);
    else await writeOutput(file, data, io);
  }
}

/** Compiles what the options name; errors and warnings are reported here. */
export async function compileBuild(context: string, flags: BuildFlags, io: Io): Promise<Compiled> {
  if (flags.opt?.has('requestid'))
    throw new UsageError('a request (--opt requestid) is no build and has no LLB: `tsfront check` lints a Dockerfile');
  const build = await openBuild(context, flags, io);
  try {
    const [{ compile, CompileError }, { formatError, formatWarnings }] = await Promise.all([
      import('../offline/compile.ts'),
      import('./report.ts'),
    ]);
    const compiled = await untilAborted(compile(build.options), io.signal).catch((error) => {
      if (!(error instanceof CompileError)) throw error;
      io.writeStderr(formatWarnings(error.warnings, io, build.shown) + formatError(error, io, build.shown));
      throw new Exit(exitCode.failed);
    });
    if (compiled.warnings.length > 0) io.writeStderr(formatWarnings(compiled.warnings, io, build.shown));
    await build.keepImages();
    return compiled;
  } finally {
    await build.close();
  }
}

/** What to write where. */
async function render(
  { definitions, multiPlatform }: Compiled,
  { format, output }: CompileFlags,
): Promise<[string | undefined, string | Uint8Array][]> {
  const all = [...definitions];
  switch (format) {
    case 'pb':
      if (all.length > 1 && (output === undefined || output === '-'))
        throw new UsageError('a definition in the binary format is for one platform: give a file with --output');
      return all.map(([platform, definition]) => [
        all.length > 1 ? fileFor(output!, platform) : output,
        definition.encode(),
      ]);
    case 'tree': {
      const { formatTree } = await import('../llb/tree.ts');
      const trees = all.map(([platform, definition]) => {
        const tree = formatTree(definition);
        return multiPlatform ? `${platform}\n${tree}` : tree;
      });
      return [[output, trees.join('\n')]];
    }
    case 'json': {
      const { formatJson } = await import('../llb/json.ts');
      const documents = all.map(([platform, definition]) => [platform, formatJson(definition).trimEnd()] as const);
      if (!multiPlatform) return [[output, `${documents[0]![1]}\n`]];
      const members = documents.map(
        ([platform, json]) => `  ${JSON.stringify(platform)}: ${json.replaceAll('\n', '\n  ')}`,
      );
      return [[output, `{\n${members.join(',\n')}\n}\n`]];
    }
  }
}

/** `out.pb` for linux/arm64 is `out.linux-arm64.pb`. */
function fileFor(output: string, platform: string): string {
  const name = platform.replaceAll(/[^\w.]+/g, '-');
  return /\.[^./]+$/.test(output) ? output.replace(/(\.[^./]+)$/, `.${name}$1`) : `${output}.${name}`;
}
