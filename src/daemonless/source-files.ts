/** Gives a frontend the files of sources, and of a directory in a source. */
import type { SourceMetadata, SourceOp } from '../gateway/bridge.ts';
import type { Definition } from '../llb/definition.ts';
import { redactCredentials } from '../text/redact.ts';
import { ShortError } from '../text/short-error.ts';
import { type FileTree, subTree } from './file-tree.ts';

/** Sources that are not on this machine. */
export interface RemoteSources {
  /** The files of a git or http source. */
  files(source: SourceOp): Promise<FileTree>;
  /** The current state of a remote source, such as its time. */
  metadata(source: SourceOp): Promise<SourceMetadata>;
}

/** The file trees and remote sources from which sources are read. */
interface Places {
  /** Local sources by name. */
  readonly locals: ReadonlyMap<string, FileTree>;
  readonly remote?: RemoteSources | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files of a source, or of the directory that a single copy takes from one. Frontends read files of no other
 * graph.
 *
 * @throws RemoteSource if the source is not on this machine and `remote` is absent; Error for any other graph
 */
export async function definitionFiles(definition: Definition, places: Places): Promise<FileTree> {
  const ops = new Map(definition.ops().map(({ digest, op }) => [digest, op]));
  const { op, inputs } = ops.get(definition.head()) ?? { op: undefined, inputs: [] };
  if (op?.case === 'source') return sourceFiles({ identifier: op.value.identifier, attrs: op.value.attrs }, places);
  const action = op?.case === 'file' && op.value.actions.length === 1 ? op.value.actions[0]!.action : undefined;
  const from = inputs.map(({ digest }) => ops.get(digest)?.op).find((input) => input?.case === 'source');
  if (action?.case === 'copy' && from?.case === 'source') {
    if (action.value.attemptUnpackDockerCompatibility)
      throw new Error('an archive cannot be a build context without a daemon: unpack it and name the directory');
    return subTree(await sourceFiles(from.value, places), action.value.src);
  }
  throw new Error('only the files of sources can be read without a daemon');
}

async function sourceFiles(source: SourceOp, { locals, remote, signal }: Places): Promise<FileTree> {
  signal?.throwIfAborted();
  const { identifier } = source;
  if (!identifier.startsWith('local://')) {
    if (!/^(git|https?):\/\//.test(identifier))
      throw new Error(`${redactCredentials(identifier)} cannot be read offline`);
    if (!remote) throw new RemoteSource(`${redactCredentials(identifier)} cannot be read offline`);
    return remote.files(source);
  }
  const name = identifier.slice('local://'.length);
  const tree = locals.get(name);
  if (!tree) throw new Error(`there is no local source ${name}`);
  return tree;
}

/** The error for a source that is not on this machine and must not be fetched. */
export class RemoteSource extends ShortError {
  override readonly name = 'RemoteSource';
}
