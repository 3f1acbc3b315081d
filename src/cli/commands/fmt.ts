/** `tsfront fmt`: formats Dockerfiles. */
import { Command } from '@commander-js/extra-typings';
import { maxDockerfileBytes } from '../../daemonless/locate-context.ts';
import { compareStarts, DiagnosticError } from '../../diagnostic/diagnostic.ts';
import { decodeText, encodeText } from '../../go/text.ts';
import { isProgram } from '../../program/program-file.ts';
import { isDescriptor, readNamedFile } from '../../system/named-file.ts';
import { count, formatInteger } from '../../text/number.ts';
import { printableLine } from '../../text/printable.ts';
import { UsageError } from '../../text/usage-error.ts';
import { Exit, exitCode } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { type OptionsOf, options } from '../options/options.ts';

function declare() {
  return new Command('fmt')
    .summary('format Dockerfiles')
    .description(
      'Formats Dockerfiles in place: keywords, blanks between words, continued lines, pairs and empty lines. The formatted files build the same: what runs and what the image has are equal to the byte. Files with syntax errors are left as they are. Build programs are TypeScript, and are formatted as such by other tools.',
    )
    .argument(
      '[paths...]',
      'Dockerfiles, directories with Dockerfiles, patterns such as "services/*/Dockerfile", or - for standard input, which is formatted to standard output',
      ['.'],
    )
    .addOption(options.formatCheck)
    .addOption(options.diff)
    .addHelpText(
      'after',
      '\nFiles that are changed are listed. The exit code is 1 if a file has syntax errors, or with --check if one is not formatted.',
    );
}

type FmtFlags = OptionsOf<ReturnType<typeof declare>>;

/** Makes the command. */
export function fmtCommand(io: Io) {
  return declare().action((paths, flags) => run(paths, flags, io));
}

/** What became of the files. */
interface Counts {
  changed: number;
  unchanged: number;
  failed: number;
}

async function run(paths: readonly string[], flags: FmtFlags, io: Io): Promise<void> {
  const counts: Counts = { changed: 0, unchanged: 0, failed: 0 };
  if (paths.includes('-')) {
    if (paths.length > 1) throw new UsageError('- stands for standard input, and goes with no other path');
    await formatStandardInput(flags, counts, io);
  } else {
    await formatFiles(paths, flags, counts, io);
    io.writeStderr(`${summary(counts, flags)}\n`);
  }
  if (counts.failed > 0 || (flags.check && counts.changed > 0)) throw new Exit(exitCode.failed);
}

async function formatStandardInput(flags: FmtFlags, counts: Counts, io: Io): Promise<void> {
  const bytes = await io.readStdin(maxDockerfileBytes);
  if (isProgram('', bytes)) throw programError('standard input');
  const name = 'Dockerfile';
  const [before, after] = await formatted(name, bytes, counts, io);
  if (after === undefined) return;
  if (after !== before) counts.changed++;
  if (flags.diff) await printDiff(name, before, after, io);
  else if (!flags.check) await io.writeStdout(io.stdoutIsTerminal ? after : encodeText(after));
}

async function formatFiles(paths: readonly string[], flags: FmtFlags, counts: Counts, io: Io): Promise<void> {
  const { findDockerfiles } = await import('../../daemonless/find-dockerfiles.ts');
  const { replaceFile } = await import('../../system/replace-file.ts');
  const { files, unreadable } = await findDockerfiles(paths, io);
  for (const { path, reason } of unreadable)
    io.writeStderr(`${printableLine(`warning: ${path} was not searched: ${reason}`)}\n`);
  const isWritten = !flags.check && !flags.diff;
  for (const { path: file, isNamed } of files) {
    if (isWritten && isDescriptor(file)) throw new UsageError(`${file} cannot be written: - formats standard input`);
    io.signal.throwIfAborted();
    try {
      const bytes = await readNamedFile(file, maxDockerfileBytes, io.signal);
      if (isProgram(file, bytes)) {
        if (!isNamed) continue;
        throw programError(file);
      }
      const [before, after] = await formatted(file, bytes, counts, io);
      if (after === undefined || after === before) continue;
      if (isWritten) await replaceFile(file, encodeText(after));
      counts.changed++;
      if (flags.diff) await printDiff(file, before, after, io);
      else await io.print(`${printableLine(file)}\n`);
    } catch (error) {
      if (error instanceof UsageError || io.signal.aborted) throw error;
      await reportFailure(error, io);
      counts.failed++;
    }
  }
}

function programError(file: string): UsageError {
  return new UsageError(
    `${file} is a build program: fmt formats Dockerfiles; prettier, biome and others format TypeScript`,
  );
}

/** The text of a file before and after; no text after if it has syntax errors, which are then shown. */
async function formatted(
  file: string,
  bytes: Uint8Array,
  counts: Counts,
  io: Io,
): Promise<readonly [before: string, after: string | undefined]> {
  const { formatDockerfile } = await import('../../format/format-dockerfile.ts');
  const before = decodeText(bytes);
  try {
    const after = formatDockerfile(before, { filename: file });
    if (after === before) counts.unchanged++;
    return [before, after];
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const { formatProblems } = await import('../problems.ts');
    const { addFixes } = await import('../../lint/add-fixes.ts');
    const { parseDockerfile } = await import('../../parser/parse.ts');
    const dockerfile = parseDockerfile(before, { filename: file });
    const problems = addFixes(dockerfile, error.diagnostics).sort(compareStarts);
    io.writeStderr(formatProblems(dockerfile.source, problems, io.stderrHasColor));
    counts.failed++;
    return [before, undefined];
  }
}

async function printDiff(file: string, before: string, after: string, io: Io): Promise<void> {
  const { colorDiff, formatUnifiedDiff } = await import('../unified-diff.ts');
  const diff = formatUnifiedDiff(file, before, after);
  if (!io.stdoutIsTerminal) return io.writeStdout(encodeText(diff));
  await io.print(io.stdoutHasColor ? colorDiff(diff) : diff);
}

function summary({ changed, unchanged, failed }: Counts, { check, diff }: FmtFlags): string {
  const isWritten = !check && !diff;
  const parts = [
    `${count(changed, 'file')} ${isWritten ? 'formatted' : 'would be formatted'}`,
    ...(unchanged > 0 ? [`${formatInteger(unchanged)} unchanged`] : []),
    ...(failed > 0 ? [`${formatInteger(failed)} left as ${failed === 1 ? 'it is' : 'they are'}, with errors`] : []),
  ];
  return parts.join(', ');
}
