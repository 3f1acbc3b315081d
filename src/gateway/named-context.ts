/**
 * Named contexts (`context:NAME=…`): images, OCI layouts, git, http, local sources and inputs that stand for a name in
 * FROM, COPY --from or a mount (BuildKit's frontend/dockerui).
 */
import { decodeJson, goBytes, goMap } from '../go/json-decode.ts';
import { quote } from '../go/quote.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { decodeText } from '../go/text.ts';
import { type ImageConfig, parseImageConfig } from '../image/config.ts';
import { defaultPlatform, formatPlatform, normalizePlatform, type Platform } from '../image/platform.ts';
import {
  familiarString,
  formatReference,
  parseNormalizedNamed,
  parseReference,
  referenceName,
  tagNameOnly,
  withDigest,
} from '../image/reference.ts';
import { deferred, http, image, local, ociLayout, scratch } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { LoadedContext, NamedContext, NamedContextRequest } from '../lower/environment.ts';
import { wrapErrors } from '../text/error-message.ts';
import { type Bridge, ResolvedToOtherSource } from './bridge.ts';
import { detectGitContext, ignoreFileOptions, parseIgnoreFile, singleRef, tryReadFile } from './main-context.ts';
import type { FrontendOptions } from './options.ts';

/** Maximum number of times that source policies may redirect a context. */
const maxRedirects = 10;

/** Finds the context of a name: one for the platform first, then one for all. */
export function findNamedContext(
  bridge: Bridge,
  options: FrontendOptions,
  name: string,
  request: NamedContextRequest,
): NamedContext | undefined {
  const key = contextKey(name);
  const fullName = fullNameOf(options, key, request.platform);
  if (fullName === undefined) return undefined;
  const input = options.opts[`context:${fullName}`]!;
  const context = { bridge, options, name: key, fullName, input, request };
  return { load: () => load(context, 0) };
}

/** Whether a named context stands for a name, on this machine's platform. @throws Error for what can be no name */
export function hasNamedContext(options: Pick<FrontendOptions, 'opts'>, name: string): boolean {
  return fullNameOf(options, contextKey(name), undefined) !== undefined;
}

function fullNameOf(
  { opts }: Pick<FrontendOptions, 'opts'>,
  key: string,
  requested: Platform | undefined,
): string | undefined {
  const platform = formatPlatform(normalizePlatform(requested ?? defaultPlatform()));
  return [`${key}::${platform}`, key].find((fullName) => opts[`context:${fullName}`] !== undefined);
}

function contextKey(name: string): string {
  const reference = wrapErrors(`invalid context name ${name}`, () => parseNormalizedNamed(name));
  return familiarString(reference).replace(/:latest$/, '');
}

interface Context {
  readonly bridge: Bridge;
  readonly options: FrontendOptions;
  readonly name: string;
  /** With `::platform` if it is for one platform only. */
  readonly fullName: string;
  /** What stands for the name, such as `docker-image://alpine`. */
  readonly input: string;
  readonly request: NamedContextRequest;
}

/** Loads the context. @throws at once for what can be no context: nothing has been asked then */
function load(context: Context, redirects: number): Promise<LoadedContext> {
  const { options, fullName, input } = context;
  if (redirects > maxRedirects)
    throw new Error(
      `context recursion limit exceeded; this may indicate a cycle in the provided source policies: ${input}`,
    );
  const colon = input.indexOf(':');
  if (colon < 0) throw new Error(`invalid context specifier ${input} for ${fullName}`);
  const kind = input.startsWith('git@') ? 'git' : input.slice(0, colon);
  const value = input.slice(colon + 1);
  switch (kind) {
    case 'docker-image':
      return loadImage(context, withoutSlashes(value), redirects);
    case 'git': {
      const state = detectGitContext(input, options);
      if (!state) throw new Error(`invalid git context ${input}`);
      return withoutImage(state);
    }
    case 'http':
    case 'https':
      return withoutImage(detectGitContext(input, options) ?? httpContext(context, input));
    case 'oci-layout':
      return loadOciLayout(context, withoutSlashes(value));
    case 'local':
      return loadLocal(context, value);
    case 'input':
      return loadInput(context, value);
    default:
      throw new Error(`unsupported context source ${kind} for ${fullName}`);
  }
}

const withoutImage = (state: State): Promise<LoadedContext> => Promise.resolve({ state, image: undefined });

const withoutSlashes = (value: string) => (value.startsWith('//') ? value.slice(2) : value);

const httpContext = ({ fullName, options: { pins } }: Context, url: string) =>
  http(url, {
    filename: 'context',
    customName: `[context ${fullName}] ${url}`,
    checksum: pins?.http(url) || undefined,
  });

function loadImage(context: Context, ref: string, redirects: number): Promise<LoadedContext> {
  if (ref === 'scratch') return withoutImage(scratch());
  const reference = tagNameOnly(parseNormalizedNamed(ref));
  const named = formatReference(context.options.pins?.image(reference) ?? reference);
  return resolveNamedImage(context, ref, named, redirects);
}

async function resolveNamedImage(
  context: Context,
  ref: string,
  named: string,
  redirects: number,
): Promise<LoadedContext> {
  const { bridge, fullName, request } = context;
  try {
    const resolved = await bridge.resolveImageConfig(named, {
      platform: request.platform,
      resolveMode: request.resolveMode,
      logName: `[context ${fullName}] load metadata for ${ref}`,
    });
    const state = image(resolved.ref, {
      customName: `[context ${fullName}] ${ref}`,
      ...(request.platform && { platform: request.platform }),
    });
    const loaded = withConfig(state, resolved.config);
    if (loaded.image) loaded.image.created = undefined;
    return loaded;
  } catch (error) {
    if (!(error instanceof ResolvedToOtherSource)) throw error;
    const [scheme, address] = splitAtFirst(error.updated, '://');
    if (address === undefined) throw new Error(`could not parse ref: ${error.updated}`);
    return load({ ...context, input: `${scheme}:${address}` }, redirects + 1);
  }
}

/** Reads the config first, then takes its environment over. */
function withConfig(state: State, data: Uint8Array): LoadedContext {
  const config = parseImageConfig(data);
  return { state: state.withImageConfig(data), image: config };
}

function loadOciLayout(context: Context, spec: string): Promise<LoadedContext> {
  const { bridge, name } = context;
  const layout = wrapErrors(`could not parse oci-layout reference ${quote(spec)}`, () => parseReference(spec));
  if (!layout.digest) throw new Error(`oci-layout reference ${quote(formatReference(layout))} has no digest`);
  // Step names show the name of the context, because the reference in the layout has no meaning for people.
  const named = wrapErrors(`could not parse oci-layout reference ${quote(name)}`, () => parseNormalizedNamed(name));
  const ref = formatReference(withDigest(named, layout.digest));
  return resolveOciLayout(context, ref, { sessionId: bridge.options.sessionId, storeId: referenceName(layout) });
}

async function resolveOciLayout(
  { bridge, fullName, request }: Context,
  ref: string,
  store: { readonly sessionId: string; readonly storeId: string },
): Promise<LoadedContext> {
  const { config } = await bridge.resolveImageConfig(ref, {
    platform: request.platform,
    logName: `[context ${fullName}] load metadata for ${ref}`,
    ociLayout: store,
  });
  const state = ociLayout(ref, {
    customName: `[context ${fullName}] OCI load from client`,
    ...store,
    ...(request.platform && { platform: request.platform }),
  });
  return wrapErrors('could not parse oci-layout image config', () => withConfig(state, config));
}

async function loadLocal({ bridge, options, fullName, request }: Context, name: string): Promise<LoadedContext> {
  const sessionId = options.localSessionIds.get(name) ?? bridge.options.sessionId;
  const ignoreFile = local(name, {
    ...ignoreFileOptions(sessionId, `context:${fullName}-.dockerignore`),
    customName: `[context ${fullName}] load .dockerignore`,
  });
  const ref = singleRef(await bridge.solve({ definition: ignoreFile.marshal(), evaluate: true }));
  const data = await tryReadFile(bridge, ref, '.dockerignore');
  const excludePatterns = data ? parseIgnoreFile('.dockerignore', data) : [];
  const sharedKey = options.opts[`sharedkey:localdir:${fullName}`] ?? '';
  // Which paths the stages read is known only when all of them are lowered.
  const state = deferred(() =>
    local(name, {
      customName: `[context ${fullName}] load from client`,
      sessionId,
      sharedKeyHint: `context:${fullName}-${sharedKey}`,
      excludePatterns,
      followPaths: request.followPaths(),
      includePatterns: request.includePatterns,
    }),
  );
  return { state, image: undefined, ignorePatterns: excludePatterns };
}

async function loadInput({ bridge, options, fullName }: Context, name: string): Promise<LoadedContext> {
  const state = (await bridge.inputs()).get(name);
  if (!state) throw new Error(`invalid input ${name} for ${fullName}`);
  const metadata = options.opts[`input-metadata:${name}`];
  if (metadata === undefined) return { state, image: undefined };
  const config = wrapErrors(`failed to parse input metadata ${metadata}`, () => inputImageConfig(metadata));
  if (!config) return { state, image: undefined };
  const withEnv = state.withImageConfig(config);
  return {
    state: withEnv,
    image: wrapErrors(`failed to parse image config for ${fullName}`, () => parseOrNull(config)),
  };
}

const parseOrNull = (config: Uint8Array): ImageConfig | undefined =>
  decodeText(config).trim() === 'null' ? undefined : parseImageConfig(config);

/** The image config in an input's metadata: a JSON object of base64 values. */
function inputImageConfig(metadata: string): Uint8Array | undefined {
  return decodeJson(metadata, goMap(goBytes))?.get('containerimage.config');
}
