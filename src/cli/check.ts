/** `tsfront check`: all syntax errors of a Dockerfile, what else would fail its build, and the findings of the lint rules. */
import { Command, Option } from 'commander';
import type { ImageResolver } from '../image/resolver.ts';
import type { OfflineOptions } from '../offline/offline-bridge.ts';
import { addBuildOptions, type BuildFlags, openBuild } from './build-options.ts';
import { Exit, exitCode } from './exit.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';
import { writeOutput, writeText } from './output.ts';

interface CheckFlags extends BuildFlags {
  readonly format: 'text' | 'json';
  readonly output?: string;
}

export function checkCommand(io: Io): Command {
  const command = new Command('check')
    .summary('find the problems of a Dockerfile')
    .description(
      'check a Dockerfile: every syntax error in it, what else fails its build first, and the lint rules of `docker build --check`',
    )
    .addOption(
      new Option('--format <format>', 'text for people, json as frontend.lint')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('-o, --output <file>', 'file to write to')
    .addHelpText('after', '\nThe exit code is 1 if anything was found. With --offline, base images need not be known.')
    .action((context: string, flags: CheckFlags) => run(context, flags, io));
  return addBuildOptions(command);
}

async function run(context: string, flags: CheckFlags, io: Io): Promise<void> {
  const build = await openBuild(context, flags, io);
  try {
    const [{ checkDockerfile }, report] = await Promise.all([import('../offline/check.ts'), import('./report.ts')]);
    const unknown = new Set<string>();
    const options = flags.offline ? withUnknownImages(build.options, unknown) : build.options;
    const checked = await untilAborted(checkDockerfile(options, unknown), io.signal).catch((error) => {
      io.signal.throwIfAborted();
      io.writeStderr(report.formatError(error, io));
      throw new Exit(exitCode.failed);
    });
    for (const image of unknown) io.writeStderr(`note: variables are not checked: what ${image} sets is not known\n`);
    const { problems, source, json, warnings } = checked;
    if (warnings.length > 0) io.writeStderr(report.formatWarnings(warnings, io));
    if (flags.format === 'json') await writeOutput(flags.output, `${JSON.stringify(json, undefined, 2)}\n`, io);
    else {
      const color = io.stdoutHasColor && flags.output === undefined;
      await writeText(flags.output, report.formatProblems(source, problems, color), io);
    }
    if (!json.buildError) await build.keepImages();
    if (problems.length > 0) throw new Exit(exitCode.failed);
  } finally {
    await build.close();
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
      return { digest, config: new TextEncoder().encode(JSON.stringify({ os, architecture, rootfs })) };
    },
  };
  return { ...options, images: [...options.images, empty] };
}
