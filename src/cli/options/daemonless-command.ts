/** The commands that run the frontend without a daemon: all take the same options that say what to build. */
import { dockerfileCommand } from './dockerfile-command.ts';
import { type OptionsOf, options } from './options.ts';

/** Declares such a command. @param file what its `--file` means */
export function daemonlessCommand(name: string, file = options.file) {
  return dockerfileCommand(name, file)
    .addOption(options.opt)
    .addOption(options.images)
    .addOption(options.ociLayout)
    .addOption(options.writeImages)
    .addOption(options.mirror)
    .addOption(options.offline)
    .addOption(options.cacheDir)
    .addOption(options.sessionId);
}

/** The argument of those that take one build context. */
export const contextArgument = [
  '[context]',
  'build context: a directory, a git repository, an http address, or - for a Dockerfile on standard input',
  '.',
] as const;

/** The options that all of them have. */
export type SourceFlags = OptionsOf<ReturnType<typeof daemonlessCommand>>;
