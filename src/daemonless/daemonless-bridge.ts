/**
 * The gateway API without a daemon: files come from local directories and image configs from resolvers; what the
 * frontend solves is kept instead of built. So the frontend that runs inside BuildKit also compiles without one.
 */
import type {
  Bridge,
  Reference,
  ResolveImageRequest,
  ResolveSourceRequest,
  SolveRequest,
  SourceMetadata,
  SourceOp,
  Warning,
} from '../gateway/bridge.ts';
import { allCapabilities, frontendCapabilities, llbCapabilities } from '../gateway/capabilities.ts';
import { defaultPlatform, type Platform } from '../image/platform.ts';
import { familiarString, formatReference, parseNormalizedNamed } from '../image/reference.ts';
import { Definition } from '../llb/definition.ts';
import type { ResolvedImage } from '../lower/environment.ts';
import type { OciLayout } from '../oci/layout.ts';
import type { ImageResolver } from '../resolve/resolver.ts';
import { checkArgument } from '../text/arguments.ts';
import { redactCredentials } from '../text/redact.ts';
import { ShortError } from '../text/short-error.ts';
import { daemonlessOptions } from './daemonless-arguments.ts';
import type { FileTree } from './file-tree.ts';
import { definitionFiles, RemoteSource, type RemoteSources } from './source-files.ts';

/** The session that local sources name. It is part of their ops' bytes, so it must not differ from run to run. */
const defaultSessionId = 'tsfront';

/** Options of compiling and checking without a daemon. */
export interface DaemonlessOptions {
  /** Frontend options. `cmdline` is set for the frontend, so that `# syntax=` has no effect. */
  readonly opts: Readonly<Record<string, string>>;
  /** Local sources by name: `context`, `dockerfile` and those of named contexts. */
  readonly locals: ReadonlyMap<string, FileTree>;
  /** Resolvers of image configs; they are asked in turn. */
  readonly images: readonly ImageResolver[];
  /** OCI layouts by the store id in named contexts. */
  readonly ociLayouts?: ReadonlyMap<string, OciLayout> | undefined;
  /** Reads git and http sources; if absent, they fail with {@link RemoteSource}. */
  readonly remote?: RemoteSources | undefined;
  /** The platform that builds run on; by default Linux on this machine's architecture. */
  readonly platform?: Platform | undefined;
  /**
   * The session that local sources name; by default `tsfront`. A daemon that does not know it uses the session of the
   * build.
   */
  readonly sessionId?: string | undefined;
  /** Aborted when the result is no longer needed: pending calls fail with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A bridge that records what the frontend solves. */
export interface DaemonlessBridge extends Bridge {
  /** The definition that was solved under a reference; empty for scratch. */
  definition(ref: Reference | undefined): Definition;
  /** The warnings given so far. */
  readonly warnings: readonly Warning[];
  /** The images so far whose config a resolver made up ({@link FoundImage.unknown}), by name and tag. */
  readonly unknownImages: ReadonlySet<string>;
}

const emptyDefinition = new Definition();

/** Makes a bridge for one run of a frontend. */
export function createDaemonlessBridge(options: DaemonlessOptions): DaemonlessBridge {
  checkArgument('createDaemonlessBridge', 'options', options, daemonlessOptions);
  const solved = new Map<string, { readonly definition: Definition; tree?: Promise<FileTree> }>();
  const warnings: Warning[] = [];
  const unknownImages = new Set<string>();

  function treeOf(ref: Reference): Promise<FileTree> {
    const entry = solved.get(ref.id);
    if (!entry) return Promise.reject(new Error(`no such ref: ${ref.id}`));
    return (entry.tree ??= definitionFiles(entry.definition, options));
  }

  async function resolveImage(ref: string, request: ResolveImageRequest): Promise<ResolvedImage> {
    const image = await findImage(ref, request, options);
    if (image.unknown) unknownImages.add(formatReference({ ...parseNormalizedNamed(ref), digest: '' }));
    return image;
  }

  return {
    signal: options.signal,
    options: {
      opts: { cmdline: 'tsfront', ...options.opts },
      sessionId: options.sessionId ?? defaultSessionId,
      product: 'tsfront',
      workers: [{ id: 'daemonless', platforms: [options.platform ?? defaultPlatform()] }],
      frontendCapabilities: allCapabilities(frontendCapabilities),
      llbCapabilities: allCapabilities(llbCapabilities),
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

    resolveImageConfig: resolveImage,
    resolveSourceMetadata: (source, request) => sourceMetadata(source, request, options.remote, resolveImage),

    async evaluate() {},
    async warn(_vertex, warning) {
      warnings.push(warning);
    },
    async inputs() {
      return new Map();
    },

    definition: (ref) => (ref && solved.get(ref.id)?.definition) ?? emptyDefinition,
    warnings,
    unknownImages,
  };
}

/** Looks an image up in the OCI layout that the request names, otherwise with the first resolver that knows it. */
async function findImage(
  ref: string,
  { platform, ociLayout }: ResolveImageRequest,
  { images, ociLayouts, signal }: DaemonlessOptions,
): Promise<ResolvedImage> {
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

async function sourceMetadata(
  source: SourceOp,
  request: ResolveSourceRequest,
  remote: RemoteSources | undefined,
  resolveImage: Bridge['resolveImageConfig'],
): Promise<SourceMetadata> {
  const { identifier } = source;
  const [, scheme, ref] = /^(docker-image|oci-layout):\/\/(.*)$/.exec(identifier) ?? [];
  if (scheme !== undefined && ref !== undefined) {
    const ociLayout =
      scheme === 'oci-layout'
        ? { sessionId: source.attrs['oci.session'] ?? '', storeId: source.attrs['oci.store'] ?? '' }
        : undefined;
    const { digest, config } = await resolveImage(ref, { ...request, ociLayout });
    return { source, image: { digest, config } };
  }
  if (identifier.startsWith('local://')) return { source };
  if (!remote) throw new RemoteSource(`${redactCredentials(identifier)} cannot be asked for its time offline`);
  return remote.metadata(source);
}

/** The error for an image that no resolver knows. */
export class UnknownImage extends ShortError {
  override readonly name = 'UnknownImage';
  /** The image's name in the short form, such as `alpine:3`. */
  readonly image: string;
  constructor(ref: string, image: string) {
    super(`${ref}: not found`);
    this.image = image;
  }
}
