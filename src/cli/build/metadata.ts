/** `--metadata-file`: what a build reported, as `docker buildx build` writes it. */
import { type Connection, readBlob, type SolveResult } from '../../client/index.ts';
import { Code, rpcError } from '../../rpc/status.ts';

const PREDICATE_TYPE = 'in-toto.io/predicate-type';
const SLSA_02 = 'https://slsa.dev/provenance/v0.2';

/** The text of the file. BUILDX_METADATA_PROVENANCE is `min` (the default), `max` or `disabled`. */
export async function formatMetadata(
  connection: Connection,
  { ref, exporterResponse }: SolveResult,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  // the name of a build is BUILDER/NODE/REF; daemons without a builder are those of Docker's context "default"
  const metadata = new Map<string, unknown>([['buildx.build.ref', `default/default/${ref}`]]);
  for (const [key, value] of Object.entries(exporterResponse)) metadata.set(key, decodeMetadata(value));
  const mode = env['BUILDX_METADATA_PROVENANCE'] ?? '';
  if (!/^(disabled|0|f|F|false|FALSE|False)$/.test(mode))
    for (const [key, value] of await readProvenance(connection, ref, mode === 'max')) metadata.set(key, value);
  const sorted = [...metadata].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(sorted), null, 2);
}

/** The daemon keeps the provenance of each result in its history, whether the result carries it or not. */
async function readProvenance(connection: Connection, ref: string, whole: boolean): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  try {
    for await (const { record } of connection.control.listenBuildHistory({ Ref: ref, EarlyExit: true })) {
      const results = new Map(Object.entries(record?.Results ?? {}).map(([platform, it]) => [`/${platform}`, it]));
      if (results.size === 0 && record?.Result) results.set('', record.Result);
      for (const [suffix, { Attestations }] of results) {
        const attestation = Attestations.find(({ annotations }) => annotations[PREDICATE_TYPE] === SLSA_02);
        if (!attestation) continue;
        const text = Buffer.from(await readBlob(connection, attestation.digest)).toString();
        const { buildConfig, metadata, ...least } = JSON.parse(text) as Record<string, unknown>;
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

/** Some values are JSON, some are JSON in base64. */
export function decodeMetadata(value: string): unknown {
  for (const text of [Buffer.from(value, 'base64').toString(), value]) {
    if (!text.startsWith('{')) continue;
    try {
      return JSON.parse(text);
    } catch {
      // then it is text
    }
  }
  return value;
}
