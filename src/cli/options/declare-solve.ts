/** `tsfront solve` without its action. Modules that read its options take their types from here. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { daemonlessCommand } from './daemonless-command.ts';
import { type OptionsOf, options } from './options.ts';

/** Declares the command, without its action. */
export function declareSolve() {
  return daemonlessCommand('solve', options.fileToSolve)
    .summary('build a compiled file, or compile and build')
    .description(
      'Builds what `tsfront compile` wrote, from a file or standard input: the JSON, or the bytes of a pb.Definition. With --file it first compiles a Dockerfile or a build program, as `tsfront compile` does.',
    )
    .argument(
      '[input]',
      'the compiled file (default: standard input); with --file the build context (default: the current directory)',
    )
    .addOption(options.policy)
    .addOption(options.local)
    .addOption(options.imageConfigInput)
    .addOption(options.secret)
    .addOption(options.ssh)
    .addOption(options.authHost)
    .addOption(options.allow)
    .addOption(options.output)
    .addOption(options.cacheFrom)
    .addOption(options.cacheTo)
    .addOption(options.metadataFile)
    .addOption(options.progress)
    .addOption(options.builder)
    .addOption(options.allowUnknown);
}

/** The options of `tsfront solve`. */
export type SolveFlags = OptionsOf<ReturnType<typeof declareSolve>>;

/** The flags on the command line that only say what to compile; like everywhere, an empty value is not given. */
export function compileFlagsOf(command: CommandUnknownOpts): string[] {
  const known = new Set<unknown>([...daemonlessCommand('').options, options.policy]);
  const isEmpty = (value: unknown): boolean => (Array.isArray(value) ? value.every(isEmpty) : value === '');
  return command.options.flatMap((option) => {
    const name = option.attributeName();
    const isGiven = command.getOptionValueSource(name) === 'cli' && !isEmpty(command.getOptionValue(name));
    return known.has(option) && isGiven ? [option.long!] : [];
  });
}
