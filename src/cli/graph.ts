/** `tsfront graph`: the build graph as Graphviz draws it. */
import { Command } from 'commander';
import { addBuildOptions, type BuildFlags } from './build-options.ts';
import { compileBuild } from './compile.ts';
import type { Io } from './io.ts';
import { requireWritable, writeOutput } from './output.ts';

interface GraphFlags extends BuildFlags {
  readonly output?: string;
}

export function graphCommand(io: Io): Command {
  const command = new Command('graph')
    .summary('draw the build graph of a Dockerfile')
    .description('show the build graph of a Dockerfile in the DOT language, for `dot -Tsvg`')
    .option('-o, --output <file>', 'file to write to')
    .action(async (context: string, flags: GraphFlags) => {
      requireWritable('--output', flags.output);
      const { definitions } = await compileBuild(context, flags, io);
      const { formatDot } = await import('../llb/dot.ts');
      await writeOutput(flags.output, [...definitions.values()].map(formatDot).join('\n'), io);
    });
  return addBuildOptions(command);
}
