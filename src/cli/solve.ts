/** `tsfront solve`: builds what `tsfront compile` wrote. */
import { Command } from 'commander';
import { endWith } from './exit.ts';
import type { Io } from './io.ts';
import { ALLOW_UNKNOWN, addListOption } from './list-option.ts';
import { progressOption } from './progress-option.ts';

/** Flags as commander gives them. */
export interface SolveFlags {
  readonly local: readonly string[];
  readonly output: readonly string[];
  readonly secret: readonly string[];
  readonly authHost: readonly string[];
  readonly ssh: readonly string[];
  readonly allow: readonly string[];
  readonly allowUnknown?: boolean;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly builder?: string;
  readonly imageConfig?: string;
  readonly metadataFile?: string;
  readonly progress: string;
}

export function solveCommand(io: Io): Command {
  const command = new Command('solve')
    .summary('build a compiled file')
    .description(
      'Builds what `tsfront compile` wrote, from a file or standard input: the JSON, or the bytes of pb.Definition.',
    )
    .argument('[file]', 'the compiled file', '-')
    .option('--allow-unknown', ALLOW_UNKNOWN)
    .option('--builder <address>', 'the daemon')
    .option('--image-config <file>', 'the image config of bytes, which have none: of `compile --image-config`')
    .option('--metadata-file <file>', 'write what the build reported to a file, as JSON')
    .addOption(progressOption());
  const lists: [string, string][] = [
    ['--local <name=folder>', 'a folder for a local source'],
    ['-o, --output <fields>', 'what becomes of the result: type=local|tar|oci|docker|image,dest=…'],
    ['--secret <fields>', 'a secret: id=…[,src=FILE|,env=NAME]'],
    ['--auth-host <host>', 'a registry whose credentials the daemon may use; without it those of every one'],
    ['--ssh <default|id[=paths]>', 'an SSH agent or keys'],
    ['--allow <entitlement>', 'allow network.host, security.insecure, device or buildx.local.delete'],
    ['--cache-from <fields>', 'where to take the cache from'],
    ['--cache-to <fields>', 'where to put the cache'],
  ];
  for (const [flags, description] of lists) addListOption(command, flags, description);
  return command.action(async (file: string, flags: SolveFlags) => {
    const { solveFile } = await import('./build/solve-file.ts');
    endWith(await solveFile(file, flags, io));
  });
}
