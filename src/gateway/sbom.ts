/** Scans build results with a scanner image, which writes SBOMs (BuildKit's docs/attestations/sbom-protocol.md). */
import { join } from '../go/path.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { encodeText } from '../go/text.ts';
import { parseOciImageConfig } from '../image/config.ts';
import { image, type Mount, mkdir, scratch } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { Lowered } from '../lower/lower.ts';
import { wrapError } from '../text/error-message.ts';
import { type Attestation, type Bridge, ResolvedToOtherSource } from './bridge.ts';
import { singleRef } from './main-context.ts';
import type { FrontendOptions, SbomOptions } from './options.ts';

const coreName = 'sbom';
const sourceDir = '/run/src/';
const resultDir = '/run/out/';
const spdx = 'https://spdx.dev/Document';

/** Scans the result of one platform. */
export type Scanner = (platformId: string, built: Scanned) => Promise<Attestation>;

/** What is scanned. */
export type Scanned = Pick<Lowered, 'sbom' | 'ignoreCache'>;

/** Resolves the scanner image, which runs on the first build platform. */
export async function createScanner(bridge: Bridge, options: SbomOptions, build: FrontendOptions): Promise<Scanner> {
  const platform = build.buildPlatforms[0]!;
  const { generator } = options;
  const metadata = await bridge
    .resolveSourceMetadata(
      { identifier: `docker-image://${generator}`, attrs: {} },
      {
        logName: '',
        platform,
        resolveMode: !build.opts['image-resolve-mode'] ? undefined : build.imageResolveMode,
      },
    )
    .catch((error) => {
      throw wrapError(error, `failed to resolve source metadata for ${generator}`);
    });
  const { identifier } = metadata.source;
  if (!metadata.image) throw new ResolvedToOtherSource(generator, identifier);
  const ref = identifier.replace(/^docker-image:\/\//, '').replace(/^oci-layout:\/\//, '');
  const { config } = parseOciImageConfig(metadata.image.config);
  const args = [...(config.entrypoint ?? []), ...(config.cmd ?? [])];
  if (args.length === 0) throw new Error(`scanner ${ref} does not have cmd`);

  return async (platformId, { sbom, ignoreCache }) => {
    const env = config.env.map((entry): [string, string] => {
      const [key, value = ''] = splitAtFirst(entry, '=');
      return [key, value];
    });
    env.push(['BUILDKIT_SCAN_DESTINATION', resultDir], ['BUILDKIT_SCAN_SOURCE', join(sourceDir, 'core', coreName)]);
    if (sbom.extras.size > 0) env.push(['BUILDKIT_SCAN_SOURCE_EXTRAS', join(sourceDir, 'extras/')]);
    for (const [key, value] of options.parameters) env.push([`BUILDKIT_SCAN_${key}`, value]);

    const scannerImage = image(ref, { platform });
    const extras = [...sbom.extras].map(
      ([name, source]): Mount => ({
        target: join(sourceDir, 'extras', `${coreName}-${name}`),
        source,
        readonly: true,
      }),
    );
    const run = scannerImage.run({
      args,
      env,
      dir: config.workingDir,
      customName: `[${platformId}] generating sbom using ${ref}`,
      ...(ignoreCache && { ignoreCache: true }),
      mounts: [
        temporaryMount(scannerImage, platform.os),
        { target: join(sourceDir, 'core', coreName), source: sbom.core, readonly: true },
        ...extras,
        { target: resultDir, source: scratch() },
      ],
    });
    const definition = run.mount(resultDir).marshal();
    const result = await bridge.solve({ definition });
    return {
      kind: 'bundle',
      metadata: { reason: encodeText('sbom'), 'sbom-core': encodeText(coreName) },
      ref: singleRef(result),
      path: '',
      inTotoPredicateType: spdx,
      inTotoSubjects: [],
    };
  };
}

/** Windows has no tmpfs. */
function temporaryMount(scanner: State, os: string): Mount {
  if (os !== 'windows') return { type: 'tmpfs', target: '/tmp' };
  const source = scanner.file(mkdir('/tmp', 0o777, { makeParents: true }));
  return { target: '/tmp', source, sourcePath: '/tmp', forceNoOutput: true };
}
