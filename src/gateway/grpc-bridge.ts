/**
 * The bridge over gRPC: BuildKit's LLBBridge service. If the daemon lacks a capability, older forms of the messages are
 * used.
 */
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { Stat } from '../gen/fsutil/types/stat_pb.ts';
import type { APICap } from '../gen/moby/buildkit/v1/apicaps/caps_pb.ts';
import type { SolveRequestSchema as SolveRequestDesc } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import {
  EvaluateRequestSchema,
  InputsRequestSchema,
  InputsResponseSchema,
  PingRequestSchema,
  PongResponseSchema,
  ReadDirRequestSchema,
  ReadDirResponseSchema,
  ReadFileRequestSchema,
  ReadFileResponseSchema,
  ResolveImageConfigRequestSchema,
  ResolveImageConfigResponseSchema,
  ResolveSourceMetaRequestSchema,
  ResolveSourceMetaResponseSchema,
  ReturnRequestSchema,
  SolveRequestSchema,
  SolveResponseSchema,
  StatFileRequestSchema,
  StatFileResponseSchema,
  WarnRequestSchema,
} from '../gen/moby/buildkit/v1/frontend/gateway_schemas.ts';
import { quote } from '../go/quote.ts';
import { encodeText } from '../go/text.ts';
import { parseDigest } from '../image/digest.ts';
import { formatReference, parseNormalizedNamed } from '../image/reference.ts';
import { loadDefinition } from '../llb/load.ts';
import { platformToPb } from '../llb/platform-message.ts';
import type { State } from '../llb/state.ts';
import { decode } from '../protobuf/decode.ts';
import { encode, written } from '../protobuf/encode.ts';
import type { MessageSchema } from '../protobuf/schema.ts';
import type { UnaryTransport } from '../rpc/unary.ts';
import { wrapErrors } from '../text/error-message.ts';
import {
  type Bridge,
  type BridgeOptions,
  type FileStat,
  type Reference,
  ResolvedToOtherSource,
  type ResolveImageRequest,
  type ResolveSourceRequest,
  type Result,
  type SolveRequest,
  type SourceMetadata,
  type SourceOp,
  type Warning,
} from './bridge.ts';
import {
  createCapabilities,
  defaultFrontendCapabilities,
  defaultLlbCapabilities,
  frontendCapabilities,
  llbCapabilities,
  requireCapability,
} from './capabilities.ts';
import { type Status, UnresolvedImage } from './error-status.ts';
import { reference, resultFromPb, resultToPb } from './result-message.ts';
import { createSourceMessages } from './warner.ts';

const service = '/moby.buildkit.v1.frontend.LLBBridge/';
/** The method that a daemon answers at once, even while it works on other calls. */
export const ping = `${service}Ping`;
/** A daemon that has started a frontend waits for its first call. */
const pingTimeoutMs = 15_000;
/** The limit of calls for which a daemon only notes or looks up something. Others take as long as their work does. */
const noteTimeoutMs = 60_000;

/** What the daemon passes to a frontend in environment variables rather than over gRPC. */
export type GatewayEnvironment = Pick<BridgeOptions, 'opts' | 'sessionId' | 'product' | 'workers'>;

/** The bridge over gRPC, with the calls that end the build. */
export interface GrpcBridge extends Bridge {
  /** Ends the build: with its result, or with an error's status. */
  return(outcome: Result | { readonly error: Status }): Promise<void>;
}

/**
 * Asks the daemon for its capabilities and makes a bridge to it.
 *
 * @param firstAnswerMs how long it may take to the first answer
 */
export async function createGrpcBridge(
  transport: UnaryTransport,
  environment: GatewayEnvironment,
  firstAnswerMs = pingTimeoutMs,
): Promise<GrpcBridge> {
  const calls = createCalls(transport);
  const limit = { timeoutMs: firstAnswerMs };
  const pong = await calls.call('Ping', PingRequestSchema, {}, PongResponseSchema, limit);
  const capabilities = (known: typeof llbCapabilities, caps: readonly APICap[], fallback: readonly string[]) =>
    createCapabilities(
      known,
      caps.length > 0
        ? caps.map((cap) => ({ id: cap.ID, enabled: cap.Enabled, disabledReasonMsg: cap.DisabledReasonMsg }))
        : fallback.map((id) => ({ id, enabled: true, disabledReasonMsg: '' })),
      environment.product,
    );
  const options: BridgeOptions = {
    ...environment,
    frontendCapabilities: capabilities(frontendCapabilities, pong.FrontendAPICaps, defaultFrontendCapabilities),
    llbCapabilities: capabilities(llbCapabilities, pong.LLBCaps, defaultLlbCapabilities),
  };
  const api: Api = { ...calls, options, sourceMessage: createSourceMessages() };
  return {
    options,
    solve: (request) => solveRequest(api, request),
    readFile: (ref, path, range) => readFile(api, ref, path, range),
    readDir: (ref, path, includePattern) => readDir(api, ref, path, includePattern),
    statFile: (ref, path) => statFile(api, ref, path),
    resolveImageConfig: (ref, request) => resolveImageConfig(api, ref, request),
    resolveSourceMetadata: (source, request) => resolveSourceMetadata(api, source, request),
    evaluate: (ref) => evaluate(api, ref),
    warn: (vertex, warning) => sendWarning(api, vertex, warning),
    inputs: () => inputs(api),
    return: (outcome) => returnOutcome(api, outcome),
  };
}

interface UnaryCallOptions {
  readonly timeoutMs?: number;
}

const noteLimit: UnaryCallOptions = { timeoutMs: noteTimeoutMs };

/** Unary calls of the LLBBridge service. */
interface Calls {
  /** Makes a call whose answer has no content. */
  send<Q extends DescMessage>(
    method: string,
    schema: MessageSchema<Q>,
    request: MessageInitShape<Q>,
    options?: UnaryCallOptions,
  ): Promise<Uint8Array>;
  call<Q extends DescMessage, A extends DescMessage>(
    method: string,
    schema: MessageSchema<Q>,
    request: MessageInitShape<Q>,
    answer: MessageSchema<A>,
    options?: UnaryCallOptions,
  ): Promise<MessageShape<A>>;
}

function createCalls(transport: UnaryTransport): Calls {
  const send: Calls['send'] = async (method, schema, request, options) =>
    transport.unary(service + method, encode(schema, request), options);
  return {
    send,
    call: async (method, schema, request, answer, options) =>
      decode(answer, await send(method, schema, request, options)),
  };
}

/** The state that all calls share. */
interface Api extends Calls {
  readonly options: BridgeOptions;
  readonly sourceMessage: ReturnType<typeof createSourceMessages>;
}

function has({ options }: Api, capability: string): boolean {
  return options.frontendCapabilities.supports(capability);
}

function requireFrontendCapability({ options }: Api, capability: string): void {
  requireCapability(options.frontendCapabilities, capability);
}

async function solveRequest(api: Api, request: SolveRequest): Promise<Result> {
  for (const { caps } of request.definition?.metadata.values() ?? [])
    for (const id of Object.keys(caps)) requireCapability(api.options.llbCapabilities, id);
  const evaluates = has(api, 'gateway.solve.evaluate');
  const message = solveMessage(request, api.options.opts, request.evaluate === true && evaluates);
  const response = await api.call('Solve', SolveRequestSchema, message, SolveResponseSchema);
  const result = response.result
    ? resultFromPb(response.result)
    : { ref: reference(response.ref), metadata: new Map() };
  if (request.evaluate && !evaluates) for (const ref of references(result)) await statFile(api, ref, '.');
  return result;
}

async function readFile(
  api: Api,
  ref: Reference,
  path: string,
  range?: { readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  const request = {
    Ref: ref.id,
    FilePath: path,
    ...(range && { Range: { Offset: BigInt(range.offset), Length: BigInt(range.length) } }),
  };
  const response = await api.call('ReadFile', ReadFileRequestSchema, request, ReadFileResponseSchema);
  return response.Data;
}

async function readDir(api: Api, ref: Reference, path: string, includePattern = ''): Promise<FileStat[]> {
  requireFrontendCapability(api, 'readdir');
  const request = { Ref: ref.id, DirPath: path, IncludePattern: includePattern };
  const response = await api.call('ReadDir', ReadDirRequestSchema, request, ReadDirResponseSchema);
  return response.entries.map(fileStat);
}

async function statFile(api: Api, ref: Reference, path: string): Promise<FileStat> {
  requireFrontendCapability(api, 'statfile');
  const request = { Ref: ref.id, Path: path };
  const response = await api.call('StatFile', StatFileRequestSchema, request, StatFileResponseSchema);
  if (!response.stat) throw new Error(`the daemon gave no information about ${path}`);
  return fileStat(response.stat);
}

async function resolveImageConfig(api: Api, ref: string, request: ResolveImageRequest) {
  try {
    return await (has(api, 'source.metaresolver')
      ? resolveImageMetadata(api, ref, request)
      : resolveImageConfigDirectly(api, ref, request));
  } catch (error) {
    if (error instanceof ResolvedToOtherSource) throw error;
    throw new UnresolvedImage(formatReference(parseNormalizedNamed(ref)), error);
  }
}

async function resolveImageMetadata(api: Api, ref: string, request: ResolveImageRequest) {
  const source = request.ociLayout
    ? {
        identifier: `oci-layout://${formatReference(parseNormalizedNamed(ref))}`,
        attrs: { 'oci.session': request.ociLayout.sessionId, 'oci.store': request.ociLayout.storeId },
      }
    : { identifier: `docker-image://${ref}` };
  const response = await api.call(
    'ResolveSourceMeta',
    ResolveSourceMetaRequestSchema,
    { Source: source, LogName: request.logName, ...(request.platform && { Platform: platformToPb(request.platform) }) },
    ResolveSourceMetaResponseSchema,
  );
  const identifier = response.Source?.identifier ?? '';
  if (!response.Image) throw new ResolvedToOtherSource(ref, identifier);
  return { ref: withoutScheme(identifier), digest: response.Image.Digest, config: response.Image.Config };
}

async function resolveImageConfigDirectly(api: Api, ref: string, request: ResolveImageRequest) {
  const { ociLayout } = request;
  const response = await api.call(
    'ResolveImageConfig',
    ResolveImageConfigRequestSchema,
    {
      Ref: ref,
      LogName: request.logName,
      ...(request.platform && { Platform: platformToPb(request.platform) }),
      ...(ociLayout
        ? { ResolverType: 1, StoreID: ociLayout.storeId, SessionID: ociLayout.sessionId }
        : { ResolveMode: request.resolveMode ?? '' }),
    },
    ResolveImageConfigResponseSchema,
  );
  return { ref: response.Ref || ref, digest: response.Digest, config: response.Config };
}

async function resolveSourceMetadata(
  api: Api,
  source: SourceOp,
  request: ResolveSourceRequest,
): Promise<SourceMetadata> {
  const isImage = source.identifier.startsWith('docker-image://');
  if (!has(api, 'source.metaresolver')) {
    const scheme = isImage ? 'docker-image://' : 'oci-layout://';
    if (!source.identifier.startsWith(scheme)) return { source };
    const name = source.identifier.slice(scheme.length);
    const { ref, digest, config } = await resolveImageConfigDirectly(api, name, request);
    return { source: { ...source, identifier: scheme + ref }, image: { digest, config } };
  }
  const response = await api.call(
    'ResolveSourceMeta',
    ResolveSourceMetaRequestSchema,
    {
      Source: { identifier: source.identifier, attrs: { ...source.attrs } },
      LogName: request.logName,
      ...(request.platform && { Platform: platformToPb(request.platform) }),
      ...(isImage && { Image: {}, ResolveMode: request.resolveMode ?? '' }),
      ...(request.gitObject && { Git: { ReturnObject: true } }),
    },
    ResolveSourceMetaResponseSchema,
  );
  const { Source, Image, Git, HTTP } = response;
  return {
    source: { identifier: Source?.identifier ?? '', attrs: Source?.attrs ?? {} },
    image: Image && { digest: Image.Digest, config: Image.Config },
    git: Git && {
      checksum: Git.Checksum,
      ref: Git.Ref,
      commitChecksum: Git.CommitChecksum,
      commitObject: Git.CommitObject,
      tagObject: Git.TagObject,
    },
    http: HTTP && {
      checksum: checkedDigest(HTTP.Checksum),
      filename: HTTP.Filename,
      lastModified: HTTP.LastModified && { seconds: HTTP.LastModified.seconds, nanos: HTTP.LastModified.nanos },
    },
  };
}

async function evaluate(api: Api, ref: Reference): Promise<void> {
  await api.send('Evaluate', EvaluateRequestSchema, { Ref: ref.id });
}

async function sendWarning(api: Api, vertex: string, warning: Warning): Promise<void> {
  const info = api.sourceMessage(warning.source);
  const request = {
    digest: vertex,
    level: BigInt(warning.level),
    short: encodeText(warning.short),
    detail: warning.detail.map(encodeText),
    url: warning.url,
    ...(info && { info }),
    ranges: warning.ranges?.map(({ start, end }) => ({ start, end })) ?? [],
  };
  await api.send('Warn', WarnRequestSchema, request, noteLimit);
}

async function inputs(api: Api): Promise<ReadonlyMap<string, State>> {
  requireFrontendCapability(api, 'frontend.inputs');
  const { Definitions } = await api.call('Inputs', InputsRequestSchema, {}, InputsResponseSchema, noteLimit);
  return new Map(Object.entries(Definitions).map(([name, definition]) => [name, loadDefinition(definition)]));
}

async function returnOutcome(api: Api, outcome: Result | { readonly error: Status }): Promise<void> {
  await api.send('Return', ReturnRequestSchema, returnMessage(api, outcome), noteLimit);
}

function returnMessage(api: Api, outcome: Result | { readonly error: Status }) {
  if ('error' in outcome) return { error: outcome.error };
  if ((outcome.refs?.size ?? 0) > 1) requireFrontendCapability(api, 'returnmap');
  return { result: resultToPb(outcome, has(api, 'proto.refarray')) };
}

/**
 * @param opts the options of the build: BuildKit hands those of caches on to every solve that does not set them itself
 */
function solveMessage(
  request: SolveRequest,
  opts: Readonly<Record<string, string>>,
  evaluate: boolean,
): MessageInitShape<typeof SolveRequestDesc> {
  const frontendOpt: Record<string, string> = { ...request.frontendOpt };
  for (const key of ['cache-imports', 'cache-from']) if (opts[key] !== undefined) frontendOpt[key] ??= opts[key];
  const inputs = Object.entries(request.frontendInputs ?? {});
  const { definition } = request;
  return {
    ...(definition && { Definition: written((to) => definition.write(to)) }),
    Frontend: request.frontend ?? '',
    FrontendOpt: frontendOpt,
    FrontendInputs: Object.fromEntries(inputs.map(([name, input]) => [name, input.toPb()])),
    allowResultReturn: true,
    allowResultArrayRef: true,
    CacheImports: request.cacheImports?.map(({ type, attrs }) => ({ Type: type, Attrs: { ...attrs } })) ?? [],
    Evaluate: evaluate,
  };
}

/** All references of a result that are not empty. */
function references(result: Result): Reference[] {
  const attested = [...(result.attestations?.values() ?? [])].flat().map(({ ref }) => ref);
  return [result.ref, ...(result.refs?.values() ?? []), ...attested].filter(
    (ref): ref is Reference => ref !== undefined && ref.id !== '',
  );
}

function checkedDigest(checksum: string): string {
  return wrapErrors(`invalid http checksum digest ${quote(checksum)}`, () => parseDigest(checksum));
}

const withoutScheme = (identifier: string) =>
  identifier.replace(/^docker-image:\/\//, '').replace(/^oci-layout:\/\//, '');

function fileStat(stat: Stat): FileStat {
  const { path, mode, uid, gid, size, modTime, linkname } = stat;
  return { path, mode, uid, gid, size, modTime, linkname };
}
