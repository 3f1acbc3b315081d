/** The options that say which Dockerfile is built and how, for builds on a daemon and for commands without one. */
import { Command } from '@commander-js/extra-typings';
import { type OptionsOf, options } from './options.ts';

/** Declares a command with these options. @param file what its `--file` means */
export function dockerfileCommand(name: string, file = options.file) {
  return new Command(name)
    .addOption(file)
    .addOption(options.target)
    .addOption(options.buildArg)
    .addOption(options.buildArgFile)
    .addOption(options.label)
    .addOption(options.platform)
    .addOption(options.buildContext)
    .addOption(options.noCache)
    .addOption(options.uncached)
    .addOption(options.lock)
    .addOption(options.frozen);
}

/** The options that all commands with a Dockerfile have. */
export type DockerfileFlags = OptionsOf<ReturnType<typeof dockerfileCommand>>;
