/** `--metadata-file`: what a build reported, as `docker buildx build` writes it. */
import { type Connection, readBlob, type SolveResult, type VertexWarning } from '../../client/index.ts';
import { toRawWarning } from '../../client/progress/rawjson.ts';
import { isTrue } from '../../go/strconv.ts';
import { isObject } from '../../oci/json-object.ts';
import { Code, rpcError } from '../../rpc/rpc-error.ts';
import { redactedJson } from '../../text/redact.ts';

const predicateType = 'in-toto.io/predicate-type';
const slsa = 'https://slsa.dev/provenance/';

/**
 * The text of the file, without the credentials of addresses. BUILDX_METADATA_PROVENANCE is `min` (the default), `max`
 * or `disabled`; with BUILDX_METADATA_WARNINGS the build's warnings are in it too.
 *
 * @param place `BUILDER/NODE` of the daemon
 */
export async function formatMetadata(
  connection: Connection,
  { ref, exporterResponse }: SolveResult,
  warnings: readonly VertexWarning[],
  env: Readonly<Record<string, string | undefined>>,
  place = 'default/default',
): Promise<string> {
  const metadata = new Map<string, unknown>([['buildx.build.ref', `${place}/${ref}`]]);
  for (const [key, value] of Object.entries(exporterResponse)) metadata.set(key, decodeMetadata(key, value));
  if (warnings.length > 0 && isTrue(env['BUILDX_METADATA_WARNINGS']))
    metadata.set('buildx.build.warnings', warnings.map(toRawWarning));
  const mode = env['BUILDX_METADATA_PROVENANCE'] ?? '';
  if (!/^(disabled|0|f|F|false|FALSE|False)$/.test(mode))
    for (const [key, value] of await readProvenance(connection, ref, mode === 'max')) metadata.set(key, value);
  const sorted = [...metadata].sort(([a], [b]) => (a < b ? -1 : 1));
  return redactedJson(Object.fromEntries(sorted), 2);
}

/** For an engine that knows an image by another digest, that of its manifest or index. */
export function withoutConfigDigest(result: SolveResult): SolveResult {
  const { 'containerimage.config.digest': _, ...exporterResponse } = result.exporterResponse;
  return { ...result, exporterResponse };
}

/** The daemon keeps the provenance of each result in its history, whether the result carries it or not. */
async function readProvenance(connection: Connection, ref: string, whole: boolean): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  try {
    for await (const { record } of connection.control.listenBuildHistory({ Ref: ref, EarlyExit: true })) {
      const results = new Map(Object.entries(record?.Results ?? {}).map(([platform, it]) => [`/${platform}`, it]));
      if (results.size === 0 && record?.Result) results.set('', record.Result);
      for (const [suffix, { Attestations }] of results) {
        const attestation = Attestations.find(({ annotations }) => annotations[predicateType]?.startsWith(slsa));
        if (!attestation) continue;
        const text = Buffer.from(await readBlob(connection, attestation.digest)).toString();
        const { buildConfig, metadata, ...least } = toSlsa02(JSON.parse(text) as Record<string, unknown>);
        found.set(
          `buildx.build.provenance${suffix}`,
          whole
            ? {
                ...least,
                ...(buildConfig !== undefined && { buildConfig }),
                ...(metadata !== undefined && { metadata }),
              }
            : least,
        );
      }
    }
  } catch (error) {
    if (rpcError(error)?.code !== Code.unimplemented) throw error; // before BuildKit 0.11 there is no history
  }
  return found;
}

interface Slsa1 {
  readonly buildDefinition: {
    readonly externalParameters?: {
      readonly configSource?: { readonly uri?: string; readonly digest?: object; readonly path?: string };
      readonly request?: object;
    };
    readonly internalParameters?: Readonly<Record<string, unknown>>;
    readonly resolvedDependencies?: readonly { readonly uri?: string; readonly digest?: object }[];
  };
  readonly runDetails: { readonly builder?: object; readonly metadata?: Readonly<Record<string, unknown>> };
}

/** Metadata files have provenance in the form v0.2, whichever the daemon keeps: v1 since BuildKit 0.28. */
export function toSlsa02(predicate: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!('buildDefinition' in predicate)) return predicate;
  const { buildDefinition, runDetails } = predicate as unknown as Slsa1;
  const { configSource = {}, request = {} } = buildDefinition.externalParameters ?? {};
  const { buildConfig, builderPlatform = '', ...environment } = buildDefinition.internalParameters ?? {};
  const { path: entryPoint, ...source } = configSource;
  const { metadata } = runDetails;
  const completeness = (metadata?.['buildkit_completeness'] ?? {}) as Record<string, boolean>;
  return {
    builder: runDetails.builder ?? { id: '' },
    buildType: 'https://mobyproject.org/buildkit@v1',
    materials: buildDefinition.resolvedDependencies?.map(({ uri, digest }) => ({ uri, digest })),
    invocation: {
      configSource: { ...source, entryPoint },
      parameters: request,
      environment: { platform: builderPlatform, ...environment },
    },
    buildConfig,
    metadata: metadata && {
      buildInvocationID: metadata['invocationId'],
      buildStartedOn: metadata['startedOn'],
      buildFinishedOn: metadata['finishedOn'],
      completeness: {
        parameters: completeness['request'] ?? false,
        environment: true,
        materials: completeness['resolvedDependencies'] ?? false,
      },
      reproducible: metadata['buildkit_reproducible'] ?? false,
      'https://mobyproject.org/buildkit@v1#metadata': metadata['buildkit_metadata'] ?? {},
      'https://mobyproject.org/buildkit@v1#hermetic': metadata['buildkit_hermetic'],
    },
  };
}

/**
 * Decodes base64 of a JSON object or list. Other values stay as they are, and so does `result.json` of a subrequest.
 */
export function decodeMetadata(key: string, value: string): unknown {
  const bytes = key === 'result.json' ? Buffer.from(value) : Buffer.from(value, 'base64');
  if (key !== 'result.json' && bytes.toString('base64') !== value) return value;
  try {
    const decoded = JSON.parse(bytes.toString()) as unknown;
    const objects: readonly unknown[] = Array.isArray(decoded) ? decoded : [decoded];
    return objects.every(isObject) && Object.keys(decoded as object).length > 0 ? decoded : value;
  } catch {
    return value; // it is text
  }
}
