/** The time of a source, for `SOURCE_DATE_EPOCH=context` and the like. */
import { decompress, UnpacksTooLarge } from '../archive/decompress.ts';
import { newestFile } from '../archive/tar.ts';
import type { Op } from '../gen/pb/ops_pb.ts';
import { parseCommitTime } from '../git/object.ts';
import type { Timestamp } from '../go/time.ts';
import { source } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import { wrapError } from '../text/error-message.ts';
import type { Bridge, SourceOp } from './bridge.ts';
import { singleRef } from './main-context.ts';

/**
 * Commit time of a git source, Last-Modified of a download, or else the newest file in the downloaded archive;
 * undefined for a source that has none, and for a state that is not made of exactly one source.
 */
export async function sourceDateEpoch(bridge: Bridge, state: State, logName: string): Promise<Timestamp | undefined> {
  const op = onlySource(state);
  if (!op) return undefined;
  const metadata = await bridge.resolveSourceMetadata(op, {
    logName,
    gitObject: op.identifier.startsWith('git://'),
  });
  if (metadata.git && metadata.git.commitObject.length > 0) return parseCommitTime(metadata.git.commitObject);
  if (metadata.http?.lastModified) return metadata.http.lastModified;
  const filename = op.attrs['http.filename'];
  if (!filename || !/^https?:\/\//.test(op.identifier)) return undefined;
  const download = source(op.identifier, op.attrs);
  const ref = singleRef(await bridge.solve({ definition: download.marshal() }));
  const data = await bridge.readFile(ref, filename);
  try {
    return await newestFile(decompress(data));
  } catch (error) {
    if (error instanceof UnpacksTooLarge) throw wrapError(error, `failed to find the time of ${op.identifier}`);
    return undefined; // no archive: it has no time
  }
}

function onlySource(state: State): SourceOp | undefined {
  const sources = state
    .marshal()
    .ops()
    .map(({ op }) => op.op)
    .filter((op): op is Extract<Op['op'], { case: 'source' }> => op.case === 'source');
  const only = sources.length === 1 ? sources[0]!.value : undefined;
  return only && { identifier: only.identifier, attrs: { ...only.attrs } };
}
