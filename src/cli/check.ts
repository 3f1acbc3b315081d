/** `tsfront check`: all syntax errors of a Dockerfile, what else would fail its build, and the findings of the lint rules. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import type { ImageResolver } from '../image/resolver.ts';
import type { ArgWatch } from '../offline/build-arg-use.ts';
import type { Checked } from '../offline/check.ts';
import type { OfflineOptions } from '../offline/offline-bridge.ts';
import { UsageError } from '../offline/usage-error.ts';
import { tellUnusedArgs } from './build-args.ts';
import { addBuildFlags, type BuildFlags, type OpenedBuild, openBuild } from './build-options.ts';
import { Exit, exitCode } from './exit.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';
import { requireWritable, writeOutput, writeText } from './output.ts';

interface CheckFlags extends BuildFlags {
  readonly format: 'text' | 'json';
  readonly output?: string;
}

export function checkCommand(io: Io): Command {
  const command = new Command('check')
    .summary('find the problems of Dockerfiles')
    .description(
      'check Dockerfiles: every syntax error in them, what else fails a build first, sources of COPY that are missing in the context, and the lint rules of `docker build --check`',
    )
    .argument(
      '[paths...]',
      'build contexts: folders, git or http addresses, - for a Dockerfile on stdin; or Dockerfiles themselves, whose context is not known',
      ['.'],
    )
    .addOption(
      new Option('--format <format>', 'text for people, json as frontend.lint; of several paths a list of that')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('-o, --output <file>', 'file to write to')
    .addHelpText('after', '\nThe exit code is 1 if anything was found. With --offline, base images need not be known.')
    .action((paths: string[], flags: CheckFlags) => run(paths, flags, io));
  return addBuildFlags(command);
}

async function run(paths: readonly string[], flags: CheckFlags, io: Io): Promise<void> {
  if (paths.length > 1 && flags.file !== undefined)
    throw new UsageError('--file goes with one build context: name the Dockerfiles themselves');
  if (paths.filter((it) => it === '-').length > 1) throw new UsageError('standard input can be read once');
  requireWritable('--output', flags.output);
  requireWritable('--write-images', flags.writeImages);
  const report = await import('./report.ts');
  const color = io.stdoutHasColor && flags.output === undefined;
  const unknown = new Set<string>();
  const { watchArgs } = await import('../offline/build-arg-use.ts');
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
        io.writeStderr(report.formatError(checked, io, build.shown));
        failed = true;
        continue;
      }
      const { problems, source, json, warnings, notes } = checked;
      if (warnings.length > 0) io.writeStderr(report.formatWarnings(warnings, io, build.shown));
      if (notes.length > 0) io.writeStderr(report.formatNotes(notes, build.shown));
      files.push(problems);
      texts.push(report.formatProblems(source, problems, color, build.shown));
      documents.push(paths.length > 1 ? { path: build.shown(source.filename), ...json } : json);
      if (!json.buildError) await build.keepImages();
    } finally {
      await build.close();
    }
  }
  if (unknown.size > 0) {
    const sets = unknown.size === 1 ? 'sets' : 'set';
    io.writeStderr(`note: variables are not checked: what ${[...unknown].join(', ')} ${sets} is not known\n`);
  }
  tellUnusedArgs(watch, io);
  if (texts.length > 0 && flags.format === 'json') {
    const json = JSON.stringify(paths.length > 1 ? documents : documents[0], undefined, 2);
    await writeOutput(flags.output, `${json}\n`, io);
  } else if (texts.length > 0) {
    const total = paths.length > 1 ? `\n${report.formatTotal(files)}` : '';
    await writeText(flags.output, texts.join('\n') + total, io);
  }
  if (failed || files.some((problems) => problems.length > 0)) throw new Exit(exitCode.failed);
}

/** Opens a context, or a Dockerfile on its own. */
async function openPath(path: string, flags: CheckFlags, io: Io): Promise<OpenedBuild> {
  if (flags.file !== undefined || !(await stat(path).catch(() => undefined))?.isFile())
    return openBuild(path, flags, io);
  const build = await openBuild(dirname(path), { ...flags, file: path }, io);
  const { locals } = build.options;
  const context = locals.get('context');
  if (!context) return build;
  // it may be built with any folder
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
  const { checkDockerfile } = await import('../offline/check.ts');
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

/** Takes images that nobody knows for empty ones, and notes their names. */
function withUnknownImages(options: OfflineOptions, unknown: Set<string>): OfflineOptions {
  const empty: ImageResolver = {
    async resolve({ domain, path, tag }, platform) {
      unknown.add(`${domain}/${path}${tag && `:${tag}`}`);
      const { os = 'linux', architecture = 'amd64' } = platform ?? {};
      const digest = `sha256:${'0'.repeat(64)}`;
      const rootfs = { type: 'layers', diff_ids: [digest] };
      return { unknown: true, digest, config: new TextEncoder().encode(JSON.stringify({ os, architecture, rootfs })) };
    },
  };
  return { ...options, images: [...options.images, empty] };
}
