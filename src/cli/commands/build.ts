/** `tsfront build`: builds on a daemon, with the flags of `docker buildx build`. */
import { Option } from '@commander-js/extra-typings';
import { endWith } from '../exit.ts';
import type { Io } from '../io.ts';
import { declareBuild } from '../options/declare-build.ts';
import { resourceOptions } from '../options/options.ts';
import { warn } from '../warn.ts';

/** Flags of `docker build` that have no effect, because BuildKit always does what they ask for. */
const ignoredFlags = ['--compress', '--force-rm', '--rm'].map((flags) => new Option(flags).hideHelp());

/** Flags of `docker build` that BuildKit cannot fulfil: they cause a warning, which says what to do instead. */
const unsupportedFlags = (
  [
    ['--isolation <technology>', 'BuildKit has no equivalent'],
    ['--security-opt <option>', 'use `RUN --security=insecure` instead'],
    ['--squash', 'BuildKit does not squash: copy what you need into a last stage `FROM scratch`'],
  ] as const
).map(([flags, advice]) => ({ option: new Option<string>(flags).hideHelp(), advice }));

export function buildCommand(io: Io) {
  const command = declareBuild();
  for (const option of [...resourceOptions, ...ignoredFlags, ...unsupportedFlags.map(({ option }) => option)])
    command.addOption(option);
  return command.action(async (context, flags) => {
    const { runBuild } = await import('../build-command/run-build.ts');
    for (const { option, advice } of unsupportedFlags)
      if (option.attributeName() in flags) warn(`${option.long} has no effect: ${advice}`, io);
    endWith(await runBuild(context, flags, io));
  });
}
