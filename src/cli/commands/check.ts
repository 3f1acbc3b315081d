/**
 * `tsfront check`: all syntax errors of a Dockerfile, what else would fail its build, and the findings of the lint
 * rules.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ArgWatch } from '../../offline/build-arg-use.ts';
import type { Checked } from '../../offline/check.ts';
import { unknownImagesNote, withUnknownImages } from '../../offline/unknown-images.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { hideSecretsOf } from '../../text/hide-secrets.ts';
import { redactCredentials, redactedJson } from '../../text/redact.ts';
import { Exit, exitCode } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { reportUnusedArgs } from '../options/build-args.ts';
import { offlineCommand } from '../options/offline-command.ts';
import { type OpenedBuild, openBuild } from '../options/open-build.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput, writeText } from '../output.ts';

function declare() {
  return offlineCommand('check')
    .summary('find the problems of Dockerfiles')
    .description(
      'Checks Dockerfiles: reports all syntax errors, everything else that would fail a build, sources of COPY that are missing in the context, and the findings of the lint rules of `docker build --check`.',
    )
    .argument(
      '[paths...]',
      'build contexts (directories, git repositories, http addresses, - for a Dockerfile on standard input), or Dockerfiles, whose context is then unknown',
      ['.'],
    )
    .addOption(options.checkFormat)
    .addOption(options.outputFile)
    .addHelpText('after', '\nThe exit code is 1 if there are findings. With --offline, base images may be unknown.');
}

type CheckFlags = OptionsOf<ReturnType<typeof declare>>;

/** Makes the command. */
export function checkCommand(io: Io) {
  return declare().action((paths, flags) => run(paths, flags, io));
}

async function run(paths: readonly string[], flags: CheckFlags, io: Io): Promise<void> {
  if (paths.length > 1 && flags.file !== undefined)
    throw new UsageError('--file goes with one build context: name the Dockerfiles themselves');
  if (paths.filter((it) => it === '-').length > 1) throw new UsageError('standard input can be read once');
  requireWritable('--output', flags.output);
  requireOwnPlaces([
    { path: flags.output ?? '-', kind: 'file', by: '--output' },
    { path: flags.writeImages, kind: 'file', by: '--write-images' },
  ]);
  requireWritable('--write-images', flags.writeImages);
  const problemTexts = await import('../problems.ts');
  const color = io.stdoutHasColor && flags.output === undefined;
  const unknown = new Set<string>();
  const { watchArgs } = await import('../../offline/build-arg-use.ts');
  const watch = watchArgs();
  const files: Checked['problems'][] = [];
  const texts: string[] = [];
  const documents: unknown[] = [];
  let failed = false;
  for (const path of paths) {
    const build = await openPath(path, flags, io);
    try {
      const checked = await check(build, flags, unknown, watch, io);
      if (checked instanceof Error) {
        await reportFailure(checked, io, build);
        failed = true;
        continue;
      }
      const { problems, source, json, warnings, notes } = checked;
      if (warnings.length > 0) io.writeStderr(problemTexts.formatCompileWarnings(warnings, io, build.shown));
      if (notes.length > 0) io.writeStderr(problemTexts.formatNotes(notes, build.shown));
      files.push(problems);
      const shown = withoutSecrets(json);
      texts.push(problemTexts.formatProblems(source, problems, color, build.shown));
      documents.push(paths.length > 1 ? { path: build.shown(source.filename), ...shown } : shown);
      if (!problems.some(({ severity }) => severity === 'error')) await build.keepImages();
    } finally {
      await build.close();
    }
  }
  if (unknown.size > 0) io.writeStderr(`note: variables are not checked: ${unknownImagesNote(unknown)}\n`);
  reportUnusedArgs(watch, io);
  if (texts.length > 0 && flags.format === 'json') {
    const json = redactedJson(paths.length > 1 ? documents : documents[0], 2, io.hide);
    await writeOutput(flags.output, `${json}\n`, io);
  } else if (texts.length > 0) {
    const total = paths.length > 1 ? `\n${problemTexts.formatTotal(files)}` : '';
    await writeText(flags.output, texts.join('\n') + total, io);
  }
  if (failed || files.some((problems) => problems.length > 0)) throw new Exit(exitCode.failed);
}

/** The answer with a Dockerfile without secrets; its lines stay. */
function withoutSecrets(json: Checked['json']): Checked['json'] {
  const sources = json.sources?.map((it) => {
    if (it.data === undefined) return it;
    const text = Buffer.from(it.data, 'base64').toString();
    const hidden = hideSecretsOf([text])(text).split('\n').map(redactCredentials).join('\n');
    return hidden === text ? it : { ...it, data: Buffer.from(hidden).toString('base64') };
  });
  return { ...json, ...(sources && { sources }) };
}

/** Opens a context, or a Dockerfile on its own. */
async function openPath(path: string, flags: CheckFlags, io: Io): Promise<OpenedBuild> {
  if (flags.file !== undefined || !(await stat(path).catch(() => undefined))?.isFile())
    return openBuild(path, flags, io);
  const build = await openBuild(dirname(path), { ...flags, file: path }, io);
  const { locals } = build.options;
  const context = locals.get('context');
  if (!context) return build;
  // It may be built with any directory.
  const partial = new Map(locals).set('context', { ...context, partial: true });
  return { ...build, options: { ...build.options, locals: partial } };
}

/** @returns what was found, or an error for a Dockerfile that cannot be read */
async function check(
  build: OpenedBuild,
  { offline }: CheckFlags,
  unknown: Set<string>,
  watch: ArgWatch,
  io: Io,
): Promise<Checked | Error> {
  const { checkDockerfile } = await import('../../offline/check.ts');
  const options = offline ? withUnknownImages(build.options, unknown) : build.options;
  try {
    return await untilAborted(
      checkDockerfile(options, unknown, (bridge) => watch.run(bridge, 'cannot')),
      io.signal,
    );
  } catch (error) {
    io.signal.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  }
}
