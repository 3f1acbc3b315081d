/** `tsfront solve` without its action. Modules that read its options take their types from here. */
import { Command } from '@commander-js/extra-typings';
import { type OptionsOf, options } from './options.ts';

/** Declares the command, without its action. */
export function declareSolve() {
  return new Command('solve')
    .summary('build a compiled file')
    .description(
      'Builds what `tsfront compile` wrote, from a file or standard input: the JSON, or the bytes of a pb.Definition.',
    )
    .argument('[file]', 'the compiled file', '-')
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
