/** `tsfront compile`: a Dockerfile to LLB, without a daemon. */
import type { Compiled, Frontend } from '../../offline/compile.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { Exit } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { reportUnusedArgs } from '../options/build-args.ts';
import { contextArgument, offlineCommand, type SourceFlags } from '../options/offline-command.ts';
import { type OpenedBuild, openBuild } from '../options/open-build.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput, writeText } from '../output.ts';

function declare() {
  return offlineCommand('compile')
    .summary('compile a Dockerfile to LLB without a daemon')
    .description('Compiles a Dockerfile to LLB, with the ops and digests that BuildKit gets from the frontend.')
    .argument(...contextArgument)
    .addOption(options.compileFormat)
    .addOption(options.outputFile)
    .addOption(options.imageConfigOutput)
    .addOption(options.policy);
}

type CompileFlags = OptionsOf<ReturnType<typeof declare>>;

/** Makes the command. */
export function compileCommand(io: Io) {
  return declare().action((context, flags) => run(context, flags, io));
}

async function run(context: string, flags: CompileFlags, io: Io): Promise<void> {
  if (flags.format === 'pb' && flags.output === undefined && io.stdoutIsTerminal)
    throw new UsageError('--format pb: the binary format is not for terminals: give a file with --output');
  requireWritable('--output', flags.output);
  requireWritable('--image-config', flags.imageConfig);
  requireOwnPlaces([
    { path: flags.output ?? '-', kind: 'file', by: '--output' },
    { path: flags.imageConfig, kind: 'file', by: '--image-config' },
    { path: flags.writeImages, kind: 'file', by: '--write-images' },
  ]);
  // what is compiled is there to be built: a policy beside the Dockerfile holds for it, too
  const { isPolicyDisabled } = await import('../../offline/rego-policy.ts');
  const compiled = await compileBuild(context, flags, io, !isPolicyDisabled(flags.policy, io.env));
  const files = await render(compiled, flags);
  if (flags.imageConfig !== undefined) await writeConfigs(compiled, flags.imageConfig, io);
  for (const [file, data] of files) {
    if (flags.format === 'tree') await writeText(file, String(data), io);
    else await writeOutput(file, data, io);
  }
  for (const missing of omittedParts(compiled, flags)) io.writeStderr(`note: ${missing}\n`);
}

async function writeConfigs({ metadata, multiPlatform }: Compiled, file: string, io: Io): Promise<void> {
  const { formatImageConfig } = await import('../../offline/compiled-file.ts');
  const prefix = 'containerimage.config';
  const configs = [...metadata].filter(([key]) => key === prefix || key.startsWith(`${prefix}/`));
  if (configs.length > 1 && file === '-')
    throw new UsageError('an image config is for one platform: give a file with --image-config');
  for (const [key, config] of configs) {
    const target = multiPlatform && configs.length > 1 ? fileFor(file, key.slice(prefix.length + 1)) : file;
    await writeOutput(target, formatImageConfig(config), io);
  }
}

/** Lists what `tsfront build` would include but the written file lacks. */
function omittedParts({ metadata, attestations }: Compiled, { format, imageConfig }: CompileFlags): string[] {
  const missing: string[] = [];
  if (format === 'pb' && imageConfig === undefined)
    missing.push(
      'the binary format has no image config (entry point, environment, labels): --image-config FILE writes it for `tsfront solve --image-config FILE`, and --format json has it',
    );
  if (format === 'pb' && [...metadata.keys()].some((key) => key.startsWith('source.date.epoch')))
    missing.push('the binary format has no SOURCE_DATE_EPOCH: --format json has it');
  if (attestations && format !== 'tree')
    missing.push('a compiled file has no SBOM: `tsfront build` makes and attaches it');
  return missing;
}

/**
 * Compiles what the options name; errors and warnings are reported here.
 * @param refusePolicy whether a Dockerfile that has a Rego policy is refused
 */
export async function compileBuild(
  context: string,
  flags: SourceFlags,
  io: Io,
  refusePolicy = false,
): Promise<Compiled> {
  if (flags.opt?.has('requestid'))
    throw new UsageError(
      'a request (--opt requestid) is not a build and has no LLB: `tsfront check` lints a Dockerfile',
    );
  requireWritable('--write-images', flags.writeImages);
  const build = await openBuild(context, flags, io);
  try {
    const [{ compile, CompileError }, { formatCompileWarnings }] = await Promise.all([
      import('../../offline/compile.ts'),
      import('../problems.ts'),
    ]);
    const { watchArgs } = await import('../../offline/build-arg-use.ts');
    const watch = watchArgs();
    const readHere: Frontend = (bridge) => watch.run(bridge, 'cannot');
    const frontend = refusePolicy ? await refusingPolicy(build, readHere) : readHere;
    const compiled = await untilAborted(compile(build.options, frontend), io.signal).catch(async (error) => {
      if (!(error instanceof CompileError)) throw error;
      io.writeStderr(formatCompileWarnings(error.warnings, io, build.shown));
      const code = await reportFailure(error, io, build);
      reportUnusedArgs(watch, io);
      throw new Exit(code);
    });
    if (compiled.warnings.length > 0) io.writeStderr(formatCompileWarnings(compiled.warnings, io, build.shown));
    reportUnusedArgs(watch, io);
    await build.keepImages();
    return compiled;
  } finally {
    await build.close();
  }
}

/** tsfront's frontend, which refuses a Dockerfile with a policy. @throws Error if the policy is already known */
async function refusingPolicy({ dockerfile, remoteDockerfile }: OpenedBuild, readHere: Frontend): Promise<Frontend> {
  const { refusePolicyBeside, refusingPolicyIn } = await import('../../offline/rego-policy.ts');
  await refusePolicyBeside(dockerfile);
  return remoteDockerfile === '' ? readHere : refusingPolicyIn(readHere, remoteDockerfile);
}

/** Renders the output files. */
async function render(
  compiled: Compiled,
  { format, output }: CompileFlags,
): Promise<[string | undefined, string | Uint8Array][]> {
  const { definitions, multiPlatform } = compiled;
  const all = [...definitions];
  switch (format) {
    case 'pb':
      if (all.length > 1 && (output === undefined || output === '-'))
        throw new UsageError(
          '--format pb: a definition in the binary format is for one platform: give a file with --output',
        );
      return all.map(([platform, definition]) => [
        all.length > 1 ? fileFor(output!, platform) : output,
        definition.encode(),
      ]);
    case 'tree': {
      const { formatTree } = await import('../../llb/tree.ts');
      const trees = all.map(([platform, definition]) => {
        const tree = formatTree(definition);
        return multiPlatform ? `${platform}\n${tree}` : tree;
      });
      return [[output, trees.join('\n')]];
    }
    case 'json': {
      const { formatCompiled } = await import('../../offline/compiled-file.ts');
      return [[output, formatCompiled(compiled)]];
    }
  }
}

/** `out.pb` for linux/arm64 is `out.linux-arm64.pb`. */
function fileFor(output: string, platform: string): string {
  const name = platform.replaceAll(/[^\w.]+/g, '-');
  return /\.[^./]+$/.test(output) ? output.replace(/(\.[^./]+)$/, `.${name}$1`) : `${output}.${name}`;
}
