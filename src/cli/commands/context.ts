/** `tsfront context`: what a build sends and takes of its contexts, and what an ignore file drops. */
import type { ContextReport } from '../../context/context-report.ts';
import { unknownImagesNote, withUnknownImages } from '../../daemonless/unknown-images.ts';
import type { HideSecrets } from '../../text/hide-secrets.ts';
import { redactedJson } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';
import { Exit } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { type OpenedBuild, openBuild } from '../open-build.ts';
import { daemonlessCommand } from '../options/daemonless-command.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput, writeText } from '../output.ts';

function declare() {
  return daemonlessCommand('context')
    .summary('show which files a build sends and uses')
    .description(
      'Shows what a build takes from the directories that are its contexts: the files that are sent, what each instruction takes of them, what the ignore file drops and by which line, what is sent and not taken, and the largest files. It reads names and sizes, and builds nothing.',
    )
    .argument('[context]', 'build context: a directory', '.')
    .addOption(options.contextFormat)
    .addOption(options.listFiles)
    .addOption(options.askedPath)
    .addOption(options.suggest)
    .addOption(options.outputFile);
}

type ContextFlags = OptionsOf<ReturnType<typeof declare>>;

export function contextCommand(io: Io) {
  return declare().action((context, flags) => run(context, flags, io));
}

async function run(context: string, flags: ContextFlags, io: Io): Promise<void> {
  if (flags.suggest && (flags.format === 'json' || flags.files))
    throw new UsageError('--suggest prints the difference alone: --format json has the patterns, too');
  if (flags.path.includes('')) throw new UsageError('--path: the name is empty');
  requireWritable('--output', flags.output);
  requireWritable('--write-images', flags.writeImages);
  requireOwnPlaces([
    { path: flags.output ?? '-', kind: 'file', by: '--output' },
    { path: flags.writeImages, kind: 'file', by: '--write-images' },
  ]);
  const build = await openBuild(context, flags, io);
  try {
    if (!build.dirs.has('context'))
      throw new UsageError(`the context ${context} is not a directory on this machine: name a directory`);
    const { report, unknownImages, hide } = await inspect(build, flags, io);
    if (unknownImages.size > 0) io.writeStderr(`note: ${unknownImagesNote(unknownImages)}\n`);
    await build.keepImages();
    if (flags.suggest) return await writeProposals(report, flags.output, io);
    if (flags.format === 'json')
      return await writeOutput(flags.output, `${redactedJson(report, 2, (text) => io.hide(hide(text)))}\n`, io);
    const { formatContextReport } = await import('../context-report.ts');
    await writeText(flags.output, hide(formatContextReport(report)), io);
  } finally {
    await build.close();
  }
}

async function inspect(
  build: OpenedBuild,
  { offline, files, path: paths, suggest, format }: ContextFlags,
  io: Io,
): Promise<{ report: ContextReport; unknownImages: ReadonlySet<string>; hide: HideSecrets }> {
  const opened = offline ? withUnknownImages(build.options) : build.options;
  const { compile, CompileError } = await import('../../daemonless/compile.ts');
  const { inspectContext } = await import('../../context/inspect-context.ts');
  const { signal } = io;
  const compiled = await untilAborted(compile(opened), signal).catch(async (error) => {
    if (!(error instanceof CompileError)) throw error;
    throw new Exit(await reportFailure(error, io, build));
  });
  const { graphOfAllStages, mayHaveOtherStages } = await import('../../daemonless/all-stages.ts');
  const isProposed = (suggest || format === 'json') && mayHaveOtherStages(compiled);
  const allStages = isProposed ? await untilAborted(graphOfAllStages(opened), signal) : undefined;
  if (isProposed && !allStages)
    io.writeStderr(
      'note: a stage that is not built here has an error, so the patterns do not take account of all stages\n',
    );
  const inspecting = inspectContext(
    compiled,
    { opts: opened.opts, dirs: build.dirs },
    { listFiles: files, paths, allStages, signal },
  );
  const report = await untilAborted(inspecting, signal);
  // Names of files may have values that only the graph knows.
  const { hideSecretsOfAll } = await import('../../llb/definition-secrets.ts');
  const hide = hideSecretsOfAll(compiled.definitions.values(), Object.entries(compiled.buildArgs));
  return { report, unknownImages: compiled.unknownImages, hide };
}

async function writeProposals({ contexts }: ContextReport, output: string | undefined, io: Io): Promise<void> {
  const { formatIgnoreProposal } = await import('../../context/propose-ignore.ts');
  const { readFile } = await import('node:fs/promises');
  const texts: string[] = [];
  for (const { proposal } of contexts) {
    const text = await readFile(proposal.file, 'utf8').catch(() => undefined);
    texts.push(formatIgnoreProposal(proposal, text));
  }
  if (texts.every((text) => text === '')) io.writeStderr('nothing to suggest: the build takes all that is sent\n');
  else await writeOutput(output, texts.join(''), io);
}
