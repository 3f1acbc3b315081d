/** `tsfront check`: all problems of Dockerfiles, and the fixes of those that have one. */
import type { ArgWatch } from '../../daemonless/build-arg-use.ts';
import { unknownImagesNote } from '../../daemonless/unknown-images.ts';
import { countErrors } from '../../diagnostic/diagnostic.ts';
import { encodeText } from '../../go/text.ts';
import { redactedJson } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { CheckRequest, Outcome } from '../check-command/check-target.ts';
import type { CheckedFile } from '../check-command/checked-file.ts';
import type { Targets } from '../check-command/targets.ts';
import { Exit, exitCode } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { reportUnusedArgs } from '../options/build-args.ts';
import { daemonlessCommand } from '../options/daemonless-command.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput, writeText } from '../output.ts';

function declare() {
  return daemonlessCommand('check')
    .summary('find the problems of Dockerfiles, and fix them')
    .description(
      'Checks Dockerfiles: reports all syntax errors, everything else that would fail a build, sources of COPY that are missing in the context, the findings of the lint rules of `docker build --check`, and those of rules of its own.',
    )
    .argument(
      '[paths...]',
      'directories, which stand for all Dockerfiles under them, Dockerfiles and build programs, patterns such as services/*/Dockerfile, git repositories, http addresses, - for a Dockerfile on standard input',
      ['.'],
    )
    .addOption(options.fix)
    .addOption(options.unsafeFixes)
    .addOption(options.dryRun)
    .addOption(options.checkFormat)
    .addOption(options.outputFile)
    .addOption(options.config)
    .addOption(options.noConfig)
    .addOption(options.maxWarnings)
    .addOption(options.quietCheck)
    .addOption(options.watch)
    .addHelpText(
      'after',
      `
A directory that is named is the build context of its own Dockerfile. Others may be built with any context, so what they
take from it is not checked. With --offline, base images may be unknown.

Exit codes: 0 no problems, 1 problems, 2 wrong usage or a mistake in the configuration.`,
    );
}

type CheckFlags = OptionsOf<ReturnType<typeof declare>>;

/** Makes the command. */
export function checkCommand(io: Io) {
  return declare().action((paths, flags) => run(paths, flags, io));
}

async function run(paths: readonly string[], flags: CheckFlags, io: Io): Promise<void> {
  requireConsistent(paths, flags);
  requireWritable('--output', flags.output);
  requireOwnPlaces([
    { path: flags.output ?? '-', kind: 'file', by: '--output' },
    { path: flags.writeImages, kind: 'file', by: '--write-images' },
  ]);
  requireWritable('--write-images', flags.writeImages);
  if (!flags.watch) {
    const { code } = await checkOnce(paths, flags, io);
    if (code !== exitCode.ok) throw new Exit(code);
    return;
  }
  const { watchFiles } = await import('../check-command/watch.ts');
  // With --file, only the file that it names is checked, so new Dockerfiles do not matter.
  const searched = flags.file === undefined ? paths : [];
  await watchFiles(searched, () => checkOnce(paths, flags, io), io);
}

function requireConsistent(paths: readonly string[], flags: CheckFlags): void {
  const fixes = flags.fix || flags.unsafeFixes;
  if (paths.length > 1 && flags.file !== undefined)
    throw new UsageError('--file goes with one build context: name the Dockerfiles themselves');
  if (paths.filter((it) => it === '-').length > 1) throw new UsageError('standard input can be read once');
  if (flags.dryRun && !fixes) throw new UsageError('--dry-run goes with --fix');
  if (fixes && (paths.includes('-') || flags.file === '-'))
    throw new UsageError('--fix takes Dockerfiles on this machine, not standard input');
  if (flags.dryRun && flags.format !== 'text') throw new UsageError('--dry-run prints a difference, not --format');
  if (flags.watch && (paths.includes('-') || flags.file === '-'))
    throw new UsageError('--watch takes files, not standard input');
  if (flags.watch && flags.dryRun) throw new UsageError('--watch and --dry-run exclude each other');
}

/** Files that are checked at the same time: most of the time goes to registries. */
const maxAtATime = 4;

/** A run of the command over all files. */
interface CheckRun {
  readonly code: number;
  /** Files on which the result depends. */
  readonly files: readonly string[];
}

async function checkOnce(paths: readonly string[], flags: CheckFlags, io: Io): Promise<CheckRun> {
  const { watchArgs } = await import('../../daemonless/build-arg-use.ts');
  const { lintSettings } = await import('../options/lint-settings.ts');
  const { findTargets } = await import('../check-command/targets.ts');
  const { checkTarget } = await import('../check-command/check-target.ts');
  const { inOrder } = await import('../check-command/in-order.ts');
  const { checkedFile } = await import('../check-command/checked-file.ts');
  const settingsOf = lintSettings(flags.config, io.signal);
  const watch: ArgWatch = watchArgs();
  const request: CheckRequest = {
    flags,
    settingsOf,
    watch,
    fix:
      flags.fix || flags.unsafeFixes ? { unsafe: flags.unsafeFixes === true, write: flags.dryRun !== true } : undefined,
  };
  const { targets, failures, isSingle } = await targetsOf(paths, flags, (all) =>
    findTargets(all, settingsOf, io.signal),
  );
  if (targets.length > 1 && flags.writeImages !== undefined)
    throw new UsageError('--write-images goes with one Dockerfile');
  for (const failure of failures) io.writeStderr(`error: ${failure}\n`);

  const files: CheckedFile[] = [];
  const outcomes: Outcome[] = [];
  let code: number = failures.length > 0 ? exitCode.usage : exitCode.ok;
  for await (const outcome of inOrder(targets, maxAtATime, (target) => checkTarget(target, request, io))) {
    outcomes.push(outcome);
    const { result } = outcome;
    if (result instanceof Error) {
      const failed = await reportFailure(result, io, outcome);
      code = Math.max(code, failed);
    } else files.push(checkedFile(outcome, result));
  }
  await report(files, { count: targets.length, isSingle, hasFailed: code !== exitCode.ok }, flags, io);
  reportUnusedArgs(watch, io);
  const problems = files.flatMap((file) => file.problems);
  const errors = countErrors(problems);
  if (errors > 0 || problems.length - errors > flags.maxWarnings) code = Math.max(code, exitCode.failed);
  const { watchedOf } = await import('../check-command/watched.ts');
  return { code, ...watchedOf(outcomes, flags) };
}

/** With --file there is one build context, whatever it holds. */
async function targetsOf(
  paths: readonly string[],
  { file }: CheckFlags,
  find: (paths: readonly string[]) => Promise<Targets>,
): Promise<Targets> {
  if (file === undefined) return find(paths);
  return {
    targets: [{ context: paths[0] ?? '.', file: undefined, isPartial: false }],
    isSingle: true,
    failures: [],
  };
}

async function report(
  files: readonly CheckedFile[],
  { count, isSingle, hasFailed }: { readonly count: number; readonly isSingle: boolean; readonly hasFailed: boolean },
  flags: CheckFlags,
  io: Io,
): Promise<void> {
  const problemTexts = await import('../problems.ts');
  if (!flags.quiet) {
    for (const { warnings, notes, shown } of files) {
      if (warnings.length > 0) io.writeStderr(problemTexts.formatCompileWarnings(warnings, io, shown));
      if (notes.length > 0) io.writeStderr(problemTexts.formatNotes(notes, shown));
    }
    const unknown = new Set(files.flatMap(({ unknownImages }) => [...unknownImages]));
    if (unknown.size > 0)
      io.writeStderr(`note: variables of stages from unknown images are not checked: ${unknownImagesNote(unknown)}\n`);
  }
  if (flags.dryRun) return printDifferences(files, io);
  if (files.length === 0 && hasFailed) return;
  if (flags.format === 'text') {
    const { formatText } = await import('../check-command/format-text.ts');
    const color = io.stdoutHasColor && flags.output === undefined;
    await writeText(flags.output, formatText(files, { color, isQuiet: flags.quiet === true, isOne: count === 1 }), io);
  } else if (flags.format !== 'json') {
    const { formatReport } = await import('../check-command/formats.ts');
    await writeOutput(flags.output, io.hide(await formatReport(flags.format, files)), io);
  } else {
    const documents = files.map(({ path, json }) => (isSingle ? json : { path, ...json }));
    await writeOutput(flags.output, `${redactedJson(isSingle ? documents[0] : documents, 2, io.hide)}\n`, io);
  }
}

async function printDifferences(files: readonly CheckedFile[], io: Io): Promise<void> {
  const { colorDiff, formatUnifiedDiff } = await import('../unified-diff.ts');
  for (const { path, change } of files) {
    if (!change) continue;
    const diff = formatUnifiedDiff(path, change.before, change.text);
    if (io.stdoutIsTerminal) await io.print(io.stdoutHasColor ? colorDiff(diff) : diff);
    else await io.writeStdout(encodeText(diff));
  }
}
