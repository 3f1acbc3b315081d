/**
 * The file of a compilation: everything an image needs, for each platform. The graph only makes files; the config and
 * the metadata beside it make them an image, and the binary format of LLB has no place for those.
 */
import { type ExportPlatform, exportPlatform, marshalPlatforms } from '../gateway/export-platforms.ts';
import { decodeJson, field, goInt64, goMap, goPointer, goString, goStruct } from '../go/json-decode.ts';
import type { JsonEncodable } from '../go/json-encode.ts';
import { goImage, type ImageConfig, imageConfigToJson, marshalImageConfig, parseImageConfig } from '../image/config.ts';
import { parsePlatform } from '../image/platform.ts';
import type { Definition } from '../llb/definition.ts';
import { definitionToJson, writeJson } from '../llb/format-json.ts';
import { definitionFromJson } from '../llb/parse-json.ts';
import { anything, aString, checkArgument, mapOf, objectWith } from '../text/arguments.ts';
import type { Compiled } from './compile.ts';

const aCompiledBuild = objectWith({ definitions: mapOf(anything), metadata: mapOf(anything) }, 'what compile() gives');

/** A compilation without its warnings, from which the image can be built. */
export type CompiledImage = Pick<Compiled, 'definitions' | 'multiPlatform' | 'metadata'>;

/** The members for one platform besides `def`, `metadata` and `source`. */
interface Member {
  /** `linux/arm64/v8`; '' in the answer of `frontend.convertllb`, which only has the graph. */
  readonly platform: string;
  /** Digest of the graph's last vertex; '' for scratch. */
  readonly digest: string;
  readonly config: ImageConfig | undefined;
  readonly baseConfig: ImageConfig | undefined;
  /** Seconds. */
  readonly sourceDateEpoch: bigint | undefined;
}

const goMember = goStruct<Member>('CompiledImage', {
  platform: field('platform', goString()),
  digest: field('digest', goString()),
  config: field('config', goPointer(goImage)),
  baseConfig: field('baseConfig', goPointer(goImage)),
  sourceDateEpoch: field('sourceDateEpoch', goPointer(goInt64())),
});

/**
 * The JSON of a compilation. For one platform it has `def`, `metadata` and `source` as `frontend.convertllb` answers,
 * and `platform`, `digest` (of the last op), `config` (the image config), `baseConfig` (that of the base image, if
 * there is one) and `sourceDateEpoch` (seconds, if it is set). For several it has such an object for each, by platform.
 *
 * @throws Error if the text would be longer than a string can be, some 512 MB
 */
export function formatCompiled(compiled: CompiledImage): string {
  checkArgument('formatCompiled', 'compiled', compiled, aCompiledBuild);
  const members = memberIds(compiled).map(({ id, suffix, definition }) => {
    const text = (key: string) => compiled.metadata.get(key + suffix);
    const config = (key: string) => {
      const bytes = text(key);
      return bytes && imageConfigToJson(parseImageConfig(bytes));
    };
    const epoch = text('source.date.epoch');
    const member: JsonEncodable = {
      platform: id,
      digest: definition.head(),
      config: config('containerimage.config'),
      baseConfig: config('containerimage.base.config'),
      sourceDateEpoch: epoch && BigInt(decode(epoch)),
      ...definitionToJson(definition),
    };
    return [id, member] as const;
  });
  return `${writeJson(compiled.multiPlatform ? Object.fromEntries(members) : members[0]![1])}\n`;
}

/**
 * Reads such JSON back; the answer of `frontend.convertllb` has no metadata.
 *
 * @throws Error if the text is not such JSON, or was changed so that digests are wrong
 */
export function parseCompiled(text: string): CompiledImage {
  checkArgument('parseCompiled', 'text', text, aString);
  const document = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const multiPlatform = !Object.hasOwn(document, 'def');
  const members = multiPlatform ? decodeJson(text, goMap(goMember))! : new Map([['', decodeJson(text, goMember)]]);
  if (members.size === 0) throw new Error('it has no definition');
  const definitions = new Map<string, Definition>();
  const metadata = new Map<string, Uint8Array>();
  const platforms: ExportPlatform[] = [];
  // JSON.parse keeps the order of the platforms, and refs.platforms needs it.
  for (const id of multiPlatform ? Object.keys(document) : ['']) {
    const { platform, digest, config, baseConfig, sourceDateEpoch } = members.get(id)!;
    const definition = definitionFromJson(multiPlatform ? document[id] : document);
    if (config && definition.head() !== digest)
      throw new Error(`the digest of ${platform} is ${definition.head() || 'that of scratch'}, not ${digest}`);
    definitions.set(id, definition);
    if (!config) continue;
    const suffix = multiPlatform ? `/${id}` : '';
    metadata.set(`containerimage.config${suffix}`, marshalImageConfig(config));
    if (baseConfig) metadata.set(`containerimage.base.config${suffix}`, marshalImageConfig(baseConfig));
    if (sourceDateEpoch !== undefined) metadata.set(`source.date.epoch${suffix}`, encode(String(sourceDateEpoch)));
    platforms.push(exportPlatform(parsePlatform(platform), config));
  }
  if (platforms.length > 0) metadata.set('refs.platforms', encode(marshalPlatforms(platforms)));
  return { definitions, multiPlatform, metadata };
}

/** An image config as JSON for people, for formats of the graph that cannot contain it. */
export function formatImageConfig(config: Uint8Array): string {
  return `${writeJson(imageConfigToJson(parseImageConfig(config)))}\n`;
}

/** Joins a graph and the config that was written beside it. @throws Error if the bytes are not an image config */
export function withImageConfig(definition: Definition, bytes: Uint8Array): CompiledImage {
  const config = parseImageConfig(bytes);
  if (config.os === '' || config.architecture === '') throw new Error('it has no os or no architecture');
  const { os, architecture, variant, osVersion, osFeatures } = config;
  const platform = exportPlatform({ os, architecture, variant, osVersion, osFeatures: osFeatures ?? [] }, config);
  const metadata = new Map([
    ['containerimage.config', marshalImageConfig(config)],
    ['refs.platforms', encode(marshalPlatforms([platform]))],
  ]);
  return { definitions: new Map([['', definition]]), multiPlatform: false, metadata };
}

/** The ids of the platforms, which `definitions` has only if there are several. */
function memberIds({ definitions, multiPlatform, metadata }: CompiledImage) {
  if (multiPlatform) return [...definitions].map(([id, definition]) => ({ id, suffix: `/${id}`, definition }));
  const platforms = metadata.get('refs.platforms');
  const { Platforms } = JSON.parse(platforms ? decode(platforms) : '{}') as { Platforms?: { ID: string }[] };
  return [...definitions.values()].map((definition) => ({ id: Platforms?.[0]?.ID ?? '', suffix: '', definition }));
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const encode = (text: string) => new TextEncoder().encode(text);
