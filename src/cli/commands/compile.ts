/** `tsfront compile`: a Dockerfile to LLB, without a daemon. */
import type { Compiled } from '../../daemonless/compile.ts';
import { UsageError } from '../../text/usage-error.ts';
import { compileBuild } from '../compile-build.ts';
import type { Io } from '../io.ts';
import { contextArgument, daemonlessCommand } from '../options/daemonless-command.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput, writeText } from '../output.ts';

function declare() {
  return daemonlessCommand('compile')
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
  // What is compiled is there to be built: a policy beside the Dockerfile holds for it, too.
  const { isPolicyDisabled } = await import('../options/policy.ts');
  const compiled = await compileBuild(context, flags, io, { refusePolicy: !isPolicyDisabled(flags.policy, io.env) });
  const files = await render(compiled, flags);
  if (flags.imageConfig !== undefined) await writeConfigs(compiled, flags.imageConfig, io);
  for (const [file, data] of files) {
    if (flags.format === 'tree') await writeText(file, String(data), io);
    else await writeOutput(file, data, io);
  }
  for (const missing of omittedParts(compiled, flags)) io.writeStderr(`note: ${missing}\n`);
}

async function writeConfigs({ metadata, multiPlatform }: Compiled, file: string, io: Io): Promise<void> {
  const { formatImageConfig } = await import('../../daemonless/compiled-file.ts');
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
      const { formatCompiled } = await import('../../daemonless/compiled-file.ts');
      return [[output, formatCompiled(compiled)]];
    }
  }
}

/** `out.pb` for linux/arm64 is `out.linux-arm64.pb`. */
function fileFor(output: string, platform: string): string {
  const name = platform.replaceAll(/[^\w.]+/g, '-');
  return /\.[^./]+$/.test(output) ? output.replace(/(\.[^./]+)$/, `.${name}$1`) : `${output}.${name}`;
}
