/** Writes the image ID and the metadata file of a build. */
import type { SolveResult, VertexWarning } from '../../client/index.ts';
import type { Io } from '../io.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { writeOutput } from '../output.ts';
import { formatMetadata } from './metadata-file.ts';
import type { OpenedNode } from './nodes.ts';

/** Writes the files that the flags name. */
export async function writeResult(
  { connection, place }: Pick<OpenedNode, 'connection' | 'place'>,
  result: SolveResult,
  warnings: readonly VertexWarning[],
  flags: BuildFlags,
  io: Io,
): Promise<void> {
  const { exporterResponse } = result;
  const id = exporterResponse['containerimage.config.digest'] ?? exporterResponse['containerimage.digest'] ?? '';
  if (flags.iidfile && id) await writeOutput(flags.iidfile, id, io);
  if ((flags.quiet || flags.progress === 'quiet') && id) await io.writeStdout(`${id}\n`);
  if (!flags.metadataFile) return;
  await writeOutput(flags.metadataFile, await formatMetadata(connection, result, warnings, io.env, place), io);
}
