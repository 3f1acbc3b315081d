/**
 * The bridge over gRPC: BuildKit's LLBBridge service, with the older shapes of its messages where the daemon lacks a
 * capability.
 */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { Stat } from '../gen/fsutil/types/stat_pb.ts';
import type { APICap } from '../gen/moby/buildkit/v1/apicaps/caps_pb.ts';
import {
  AttestationKind,
  type Attestation as AttestationPb,
  EvaluateRequestSchema,
  InputsRequestSchema,
  InputsResponseSchema,
  InTotoSubjectKind,
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
  type Result as ResultPb,
  type ResultSchema,
  ReturnRequestSchema,
  SolveRequestSchema,
  SolveResponseSchema,
  StatFileRequestSchema,
  StatFileResponseSchema,
  WarnRequestSchema,
} from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { quote } from '../go/quote.ts';
import { parseDigest } from '../image/digest.ts';
import type { Platform } from '../image/platform.ts';
import { formatReference, parseNormalizedNamed } from '../image/reference.ts';
import { loadDefinition } from '../llb/load.ts';
import type { UnaryTransport } from '../rpc/unary.ts';
import {
  type Attestation,
  type Bridge,
  type BridgeOptions,
  type FileStat,
  type Reference,
  ResolvedToOtherSource,
  type ResolveImageRequest,
  type Result,
  type SolveRequest,
} from './bridge.ts';
import {
  createCapabilities,
  defaultFrontendCapabilities,
  defaultLlbCapabilities,
  frontendCapabilities,
  llbCapabilities,
  requireCapability,
} from './caps.ts';
import { type Status, wrapError } from './errors.ts';
import { createSourceMessages } from './warn.ts';

const service = '/moby.buildkit.v1.frontend.LLBBridge/';
/** A daemon that has started a frontend waits for its first call. */
const pingTimeoutMs = 15_000;
/** For what a daemon only has to note or look up. Other calls may take as long as what they ask for does. */
const noteTimeoutMs = 60_000;

/** What the daemon tells a frontend in its environment rather than over gRPC. */
export type GatewayEnvironment = Pick<BridgeOptions, 'opts' | 'sessionId' | 'product' | 'workers'>;

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
  async function send<Q extends DescMessage>(
    method: string,
    schema: Q,
    request: MessageInitShape<Q>,
    options?: { readonly timeoutMs?: number },
  ): Promise<Uint8Array> {
    return transport.unary(service + method, toBinary(schema, create(schema, request)), options);
  }
  async function call<Q extends DescMessage, A extends DescMessage>(
    method: string,
    schema: Q,
    request: MessageInitShape<Q>,
    answer: A,
    options?: { readonly timeoutMs?: number },
  ): Promise<MessageShape<A>> {
    return fromBinary(answer, await send(method, schema, request, options));
  }

  const note = { timeoutMs: noteTimeoutMs };
  const pong = fromBinary(PongResponseSchema, await send('Ping', PingRequestSchema, {}, { timeoutMs: firstAnswerMs }));
  const capabilities = (known: typeof llbCapabilities, caps: readonly APICap[], fallback: readonly string[]) =>
    createCapabilities(
      known,
      caps.length > 0
        ? caps.map((cap) => ({ id: cap.ID, enabled: cap.Enabled, disabledReasonMsg: cap.DisabledReasonMsg }))
        : fallback.map((id) => ({ id, enabled: true, disabledReasonMsg: '' })),
      environment.product,
    );
  const frontendCaps = capabilities(frontendCapabilities, pong.FrontendAPICaps, defaultFrontendCapabilities);
  const llbCaps = capabilities(llbCapabilities, pong.LLBCaps, defaultLlbCapabilities);
  const options: BridgeOptions = { ...environment, frontendCaps, llbCaps };
  const sourceMessage = createSourceMessages();

  const bridge: GrpcBridge = {
    options,

    async solve(request) {
      for (const { caps } of request.definition?.metadata.values() ?? [])
        for (const id of Object.keys(caps)) requireCapability(llbCaps, id);
      const evaluateHere = request.evaluate && !frontendCaps.supports('gateway.solve.evaluate');
      const response = await call('Solve', SolveRequestSchema, solveRequest(request), SolveResponseSchema);
      const result = response.result
        ? resultFromPb(response.result)
        : { ref: reference(response.ref), metadata: new Map() };
      if (evaluateHere) for (const ref of references(result)) await bridge.statFile(ref, '.');
      return result;
    },

    async readFile(ref, path, range) {
      const response = await call(
        'ReadFile',
        ReadFileRequestSchema,
        {
          Ref: ref.id,
          FilePath: path,
          ...(range && { Range: { Offset: BigInt(range.offset), Length: BigInt(range.length) } }),
        },
        ReadFileResponseSchema,
      );
      return response.Data;
    },

    async readDir(ref, path, includePattern = '') {
      requireCapability(frontendCaps, 'readdir');
      const request = { Ref: ref.id, DirPath: path, IncludePattern: includePattern };
      const response = await call('ReadDir', ReadDirRequestSchema, request, ReadDirResponseSchema);
      return response.entries.map(fileStat);
    },

    async statFile(ref, path) {
      requireCapability(frontendCaps, 'statfile');
      const response = await call(
        'StatFile',
        StatFileRequestSchema,
        { Ref: ref.id, Path: path },
        StatFileResponseSchema,
      );
      if (!response.stat) throw new Error(`the daemon gave no information about ${path}`);
      return fileStat(response.stat);
    },

    async resolveImageConfig(ref, request) {
      if (frontendCaps.supports('source.metaresolver')) {
        const source = request.ociLayout
          ? {
              identifier: `oci-layout://${formatReference(parseNormalizedNamed(ref))}`,
              attrs: { 'oci.session': request.ociLayout.sessionId, 'oci.store': request.ociLayout.storeId },
            }
          : { identifier: `docker-image://${ref}` };
        const response = await call(
          'ResolveSourceMeta',
          ResolveSourceMetaRequestSchema,
          { Source: source, LogName: request.logName, ...platformField(request.platform) },
          ResolveSourceMetaResponseSchema,
        );
        const identifier = response.Source?.identifier ?? '';
        if (!response.Image) throw new ResolvedToOtherSource(ref, identifier);
        return {
          ref: withoutScheme(identifier),
          digest: response.Image.Digest,
          config: response.Image.Config,
        };
      }
      return resolveImageConfigDirectly(ref, request);
    },

    async resolveSourceMetadata(source, request) {
      const isImage = source.identifier.startsWith('docker-image://');
      if (!frontendCaps.supports('source.metaresolver')) {
        const scheme = isImage ? 'docker-image://' : 'oci-layout://';
        if (!source.identifier.startsWith(scheme)) return { source };
        const { ref, digest, config } = await resolveImageConfigDirectly(
          source.identifier.slice(scheme.length),
          request,
        );
        return { source: { ...source, identifier: scheme + ref }, image: { digest, config } };
      }
      const response = await call(
        'ResolveSourceMeta',
        ResolveSourceMetaRequestSchema,
        {
          Source: { identifier: source.identifier, attrs: { ...source.attrs } },
          LogName: request.logName,
          ...platformField(request.platform),
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
    },

    async evaluate(ref) {
      await send('Evaluate', EvaluateRequestSchema, { Ref: ref.id });
    },

    async warn(vertex, warning) {
      const info = sourceMessage(warning.source);
      const request = {
        digest: vertex,
        level: BigInt(warning.level),
        short: encode(warning.short),
        detail: warning.detail.map(encode),
        url: warning.url,
        ...(info && { info }),
        ranges: warning.ranges?.map(({ start, end }) => ({ start, end })) ?? [],
      };
      await send('Warn', WarnRequestSchema, request, note);
    },

    async inputs() {
      requireCapability(frontendCaps, 'frontend.inputs');
      const { Definitions } = await call('Inputs', InputsRequestSchema, {}, InputsResponseSchema, note);
      return new Map(Object.entries(Definitions).map(([name, definition]) => [name, loadDefinition(definition)]));
    },

    async return(outcome) {
      await send(
        'Return',
        ReturnRequestSchema,
        'error' in outcome ? { error: outcome.error } : { result: resultToPb(outcome) },
        note,
      );
    },
  };
  return bridge;

  async function resolveImageConfigDirectly(ref: string, request: ResolveImageRequest) {
    const { ociLayout } = request;
    const response = await call(
      'ResolveImageConfig',
      ResolveImageConfigRequestSchema,
      {
        Ref: ref,
        LogName: request.logName,
        ...platformField(request.platform),
        ...(ociLayout
          ? { ResolverType: 1, StoreID: ociLayout.storeId, SessionID: ociLayout.sessionId }
          : { ResolveMode: request.resolveMode ?? '' }),
      },
      ResolveImageConfigResponseSchema,
    );
    return { ref: response.Ref || ref, digest: response.Digest, config: response.Config };
  }

  function solveRequest(request: SolveRequest): MessageInitShape<typeof SolveRequestSchema> {
    const frontendOpt: Record<string, string> = { ...request.frontendOpt };
    // BuildKit passes these on to every solve that does not set them itself.
    for (const key of ['cache-imports', 'cache-from'])
      if (environment.opts[key] !== undefined) frontendOpt[key] ??= environment.opts[key];
    const inputs = Object.entries(request.frontendInputs ?? {});
    return {
      ...(request.definition && { Definition: request.definition.toPb() }),
      Frontend: request.frontend ?? '',
      FrontendOpt: frontendOpt,
      FrontendInputs: Object.fromEntries(inputs.map(([name, input]) => [name, input.toPb()])),
      allowResultReturn: true,
      allowResultArrayRef: true,
      CacheImports: request.cacheImports?.map(({ type, attrs }) => ({ Type: type, Attrs: { ...attrs } })) ?? [],
      Evaluate: request.evaluate === true && frontendCaps.supports('gateway.solve.evaluate'),
    };
  }

  function resultToPb(result: Result): MessageInitShape<typeof ResultSchema> {
    const inline = frontendCaps.supports('proto.refarray');
    const id = (ref: Reference | undefined) => ref?.id ?? '';
    const metadata = Object.fromEntries(result.metadata);
    const attestations = Object.fromEntries(
      [...(result.attestations ?? [])].map(([platform, list]) => [
        platform,
        { attestation: list.map(attestationToPb) },
      ]),
    );
    if (!result.refs) {
      const ref = id(result.ref);
      const value = inline
        ? { case: 'ref' as const, value: { id: ref } }
        : { case: 'refDeprecated' as const, value: ref };
      return { result: value, metadata, attestations };
    }
    if (result.refs.size > 1) requireCapability(frontendCaps, 'returnmap');
    const refs = [...result.refs];
    const value = inline
      ? { case: 'refs' as const, value: { refs: Object.fromEntries(refs.map(([key, ref]) => [key, { id: id(ref) }])) } }
      : {
          case: 'refsDeprecated' as const,
          value: { refs: Object.fromEntries(refs.map(([key, ref]) => [key, id(ref)])) },
        };
    return { result: value, metadata, attestations };
  }
}

function resultFromPb(pb: ResultPb): Result {
  const metadata = new Map(Object.entries(pb.metadata));
  const attestations = new Map(
    Object.entries(pb.attestations).map(([platform, list]) => [platform, list.attestation.map(attestationFromPb)]),
  );
  const { case: kind, value } = pb.result;
  const map = (entries: [string, string][]) => new Map(entries.map(([key, id]): [string, Reference] => [key, { id }]));
  switch (kind) {
    case 'ref':
      return { ref: reference(value.id), metadata, attestations };
    case 'refDeprecated':
      return { ref: reference(value), metadata, attestations };
    case 'refs':
      return { refs: map(Object.entries(value.refs).map(([key, ref]) => [key, ref.id])), metadata, attestations };
    case 'refsDeprecated':
      return { refs: map(Object.entries(value.refs)), metadata, attestations };
    default:
      return { metadata, attestations };
  }
}

function attestationToPb(attestation: Attestation) {
  return {
    kind: attestation.kind === 'bundle' ? AttestationKind.Bundle : AttestationKind.InToto,
    metadata: { ...attestation.metadata },
    ref: { id: attestation.ref?.id ?? '' },
    path: attestation.path,
    inTotoPredicateType: attestation.inTotoPredicateType,
    inTotoSubjects: attestation.inTotoSubjects.map(({ kind, digest, name }) => ({
      kind: kind === 'raw' ? InTotoSubjectKind.Raw : InTotoSubjectKind.Self,
      digest: [...digest],
      name,
    })),
  };
}

function attestationFromPb(pb: AttestationPb): Attestation {
  return {
    kind: pb.kind === AttestationKind.Bundle ? 'bundle' : 'in-toto',
    metadata: pb.metadata,
    ref: reference(pb.ref?.id ?? ''),
    path: pb.path,
    inTotoPredicateType: pb.inTotoPredicateType,
    inTotoSubjects: pb.inTotoSubjects.map(({ kind, digest, name }) => ({
      kind: kind === InTotoSubjectKind.Raw ? 'raw' : 'self',
      digest,
      name,
    })),
  };
}

/** All references of a result that stand for something. */
function references(result: Result): Reference[] {
  const attested = [...(result.attestations?.values() ?? [])].flat().map(({ ref }) => ref);
  return [result.ref, ...(result.refs?.values() ?? []), ...attested].filter(
    (ref): ref is Reference => ref !== undefined && ref.id !== '',
  );
}

const reference = (id: string): Reference | undefined => (id === '' ? undefined : { id });

function checkedDigest(checksum: string): string {
  try {
    return parseDigest(checksum);
  } catch (error) {
    throw wrapError(error, `invalid http checksum digest ${quote(checksum)}`);
  }
}

const encoder = new TextEncoder();
const encode = (text: string) => encoder.encode(text);

const withoutScheme = (identifier: string) =>
  identifier.replace(/^docker-image:\/\//, '').replace(/^oci-layout:\/\//, '');

function platformField(platform: Platform | undefined) {
  if (!platform) return {};
  const { os, architecture, variant, osVersion, osFeatures } = platform;
  return {
    Platform: {
      OS: os,
      Architecture: architecture,
      Variant: variant,
      OSVersion: osVersion,
      OSFeatures: [...osFeatures],
    },
  };
}

function fileStat(stat: Stat): FileStat {
  const { path, mode, uid, gid, size, modTime, linkname } = stat;
  return { path, mode, uid, gid, size, modTime, linkname };
}
