/**
 * The gateway API without a daemon: files come from local folders, image configs from resolvers, and what the frontend
 * wants solved is kept instead of built. So the frontend that runs inside BuildKit also compiles on its own.
 */
import type {
  Bridge,
  Reference,
  ResolvedImage,
  ResolveImageRequest,
  SolveRequest,
  SourceMetadata,
  SourceOp,
  Warning,
} from '../gateway/bridge.ts';
import { allCapabilities, frontendCapabilities, llbCapabilities } from '../gateway/caps.ts';
import type { OciLayout } from '../image/oci-layout.ts';
import { defaultPlatform, type Platform } from '../image/platform.ts';
import { familiarString, formatReference, parseNormalizedNamed } from '../image/reference.ts';
import type { ImageResolver } from '../image/resolver.ts';
import { Definition } from '../llb/definition.ts';
import { redactCredentials } from '../text/redact.ts';
import { type FileTree, subTree } from './file-tree.ts';

/** The session that local sources name. It is part of their ops' bytes, so it must not differ from run to run. */
export const defaultSessionId = 'tsfront';

export interface OfflineOptions {
  /** Frontend options. `cmdline` is set for the frontend, which makes `# syntax=` of no effect. */
  readonly opts: Readonly<Record<string, string>>;
  /** Local sources by name: `context`, `dockerfile` and those of named contexts. */
  readonly locals: ReadonlyMap<string, FileTree>;
  /** Asked in turn. */
  readonly images: readonly ImageResolver[];
  /** OCI layouts by the store that named contexts call them. */
  readonly ociLayouts?: ReadonlyMap<string, OciLayout> | undefined;
  /** Reads git and http sources; without it they cannot be read. */
  readonly remote?: RemoteSources | undefined;
  /** What builds would run on; by default Linux on this machine's architecture. */
  readonly platform?: Platform | undefined;
  /** By default {@link defaultSessionId}. Daemons that do not know it take the files from the session of the build. */
  readonly sessionId?: string | undefined;
  /** Aborted when the result is no longer wanted: what is under way fails with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Sources that are not on this machine. */
export interface RemoteSources {
  /** The files of a git or http source. */
  files(source: SourceOp): Promise<FileTree>;
  metadata(source: SourceOp): Promise<SourceMetadata>;
}

export interface OfflineBridge extends Bridge {
  /** What was asked to be solved under a reference; empty for scratch. */
  definition(ref: Reference | undefined): Definition;
  /** The warnings so far. */
  readonly warnings: readonly Warning[];
}

const scratch = new Definition();

export function createOfflineBridge(options: OfflineOptions): OfflineBridge {
  const { locals, images, ociLayouts, remote, signal } = options;
  const solved = new Map<string, { readonly definition: Definition; tree?: Promise<FileTree> }>();
  const warnings: Warning[] = [];

  function treeOf(ref: Reference): Promise<FileTree> {
    const entry = solved.get(ref.id);
    if (!entry) return Promise.reject(new Error(`no such ref: ${ref.id}`));
    return (entry.tree ??= filesOf(entry.definition));
  }

  /** The files of sources and of the few ops that frontends read through. */
  async function filesOf(definition: Definition): Promise<FileTree> {
    const ops = new Map(definition.ops().map(({ digest, op }) => [digest, op]));
    const { op, inputs } = ops.get(definition.head()) ?? { op: undefined, inputs: [] };
    if (op?.case === 'source') return sourceFiles({ identifier: op.value.identifier, attrs: op.value.attrs });
    const action = op?.case === 'file' && op.value.actions.length === 1 ? op.value.actions[0]!.action : undefined;
    const from = inputs.map(({ digest }) => ops.get(digest)?.op).find((input) => input?.case === 'source');
    if (action?.case === 'copy' && from?.case === 'source') {
      if (action.value.attemptUnpackDockerCompatibility)
        throw new Error('an archive cannot be a build context without a daemon: unpack it and name the folder');
      return subTree(await sourceFiles(from.value), action.value.src);
    }
    throw new Error('only the files of sources can be read without a daemon');
  }

  async function sourceFiles(source: SourceOp): Promise<FileTree> {
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

  async function findImage(ref: string, { platform, ociLayout }: ResolveImageRequest): Promise<ResolvedImage> {
    const reference = parseNormalizedNamed(ref);
    if (ociLayout) {
      const layout = ociLayouts?.get(ociLayout.storeId);
      if (!layout) throw new Error(`there is no OCI layout ${ociLayout.storeId}`);
      return { ref, ...(await layout.image(reference.digest, platform)) };
    }
    for (const resolver of images) {
      signal?.throwIfAborted();
      const found = await resolver.resolve(reference, platform);
      if (found) return { ref, ...found };
    }
    throw new UnknownImage(formatReference(reference), familiarString(reference));
  }

  return {
    signal,
    options: {
      opts: { cmdline: 'tsfront', ...options.opts },
      sessionId: options.sessionId ?? defaultSessionId,
      product: 'tsfront',
      workers: [{ id: 'offline', platforms: [options.platform ?? defaultPlatform()] }],
      frontendCaps: allCapabilities(frontendCapabilities),
      llbCaps: allCapabilities(llbCapabilities),
    },

    async solve({ definition, frontend }: SolveRequest) {
      if (frontend) throw new Error(`the frontend ${frontend} cannot run without a daemon`);
      if (!definition || definition.def.length === 0) return { metadata: new Map() };
      const id = `ref-${solved.size}`;
      solved.set(id, { definition });
      return { ref: { id }, metadata: new Map() };
    },

    async readFile(ref, path, range) {
      const data = await (await treeOf(ref)).readFile(path);
      return range ? data.subarray(range.offset, range.offset + range.length) : data;
    },
    async readDir(ref, path) {
      return (await treeOf(ref)).readDir(path);
    },
    async statFile(ref, path) {
      return (await treeOf(ref)).stat(path);
    },

    resolveImageConfig: findImage,

    async resolveSourceMetadata(source, request) {
      const { identifier } = source;
      const [, scheme, ref] = /^(docker-image|oci-layout):\/\/(.*)$/.exec(identifier) ?? [];
      if (scheme !== undefined && ref !== undefined) {
        const ociLayout =
          scheme === 'oci-layout'
            ? { sessionId: source.attrs['oci.session'] ?? '', storeId: source.attrs['oci.store'] ?? '' }
            : undefined;
        const { digest, config } = await findImage(ref, { ...request, ociLayout });
        return { source, image: { digest, config } };
      }
      if (identifier.startsWith('local://')) return { source };
      if (!remote) throw new RemoteSource(`${redactCredentials(identifier)} cannot be asked for its time offline`);
      return remote.metadata(source);
    },

    async evaluate() {},
    async warn(_vertex, warning) {
      warnings.push(warning);
    },
    async inputs() {
      return new Map();
    },

    definition: (ref) => (ref && solved.get(ref.id)?.definition) ?? scratch,
    warnings,
  };
}

/** A source that is not on this machine, where nothing may be fetched. */
export class RemoteSource extends Error {
  override readonly name = 'RemoteSource';
}

/** No resolver knows the image. */
export class UnknownImage extends Error {
  override readonly name = 'UnknownImage';
  /** As people write it. */
  readonly image: string;
  constructor(ref: string, image: string) {
    super(`${ref}: not found`);
    this.image = image;
  }
}
