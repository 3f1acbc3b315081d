/** `tsfront solve`: builds a compiled definition, as `tsfront compile --format pb` writes it. */
import { Command, Option } from 'commander';
import { endWith } from './exit.ts';
import type { Io } from './io.ts';

/** Flags as commander gives them. */
export interface SolveFlags {
  readonly local: readonly string[];
  readonly output: readonly string[];
  readonly secret: readonly string[];
  readonly ssh: readonly string[];
  readonly allow: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly builder?: string;
  readonly progress: string;
}

export function solveCommand(io: Io): Command {
  const append = (value: string, previous: readonly string[]) => [...previous, value];
  const list = (flags: string, description: string) => new Option(flags, description).argParser(append).default([]);
  return new Command('solve')
    .summary('build a compiled definition')
    .description('Builds the definition in a file, or on standard input: the bytes of pb.Definition.')
    .argument('[file]', 'the definition', '-')
    .addOption(list('--local <name=folder>', 'a folder for a local source'))
    .addOption(list('-o, --output <fields>', 'what becomes of the result: type=local|tar|oci|docker|image,dest=…'))
    .addOption(list('--secret <fields>', 'a secret: id=…[,src=FILE|,env=NAME]'))
    .addOption(list('--ssh <default|id[=paths]>', 'an SSH agent or keys'))
    .addOption(list('--allow <entitlement>', 'allow network.host or security.insecure'))
    .addOption(list('--cache-from <fields>', 'where to take the cache from'))
    .addOption(list('--cache-to <fields>', 'where to put the cache'))
    .option('--builder <address>', 'the daemon')
    .addOption(
      new Option('--progress <mode>', 'how progress is shown')
        .choices(['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'])
        .default(process.env['BUILDKIT_PROGRESS'] || 'auto'),
    )
    .action(async (file: string, flags: SolveFlags) => {
      const { solveFile } = await import('./build/solve-file.ts');
      endWith(await solveFile(file, flags, io));
    });
}
