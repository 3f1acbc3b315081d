/** `tsfront graph`: the build graph as Graphviz draws it. */
import { compileBuild } from '../compile-build.ts';
import type { Io } from '../io.ts';
import { contextArgument, offlineCommand } from '../options/offline-command.ts';
import { options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput } from '../output.ts';

export function graphCommand(io: Io) {
  return offlineCommand('graph')
    .summary('draw the build graph of a Dockerfile')
    .description('Writes the build graph of a Dockerfile in the DOT language, for `dot -Tsvg`.')
    .argument(...contextArgument)
    .addOption(options.outputFile)
    .action(async (context, flags) => {
      requireWritable('--output', flags.output);
      requireOwnPlaces([
        { path: flags.output ?? '-', kind: 'file', by: '--output' },
        { path: flags.writeImages, kind: 'file', by: '--write-images' },
      ]);
      const { definitions } = await compileBuild(context, flags, io);
      const { formatDot } = await import('../../llb/dot.ts');
      await writeOutput(flags.output, [...definitions.values()].map(formatDot).join('\n'), io);
    });
}
