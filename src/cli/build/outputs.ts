/** Where a build's result goes: --output, --push, --load, --tag, --annotation. */
import { existsSync, statSync } from 'node:fs';
import { type Connection, type Destination, dockerLoader, type Export } from '../../client/index.ts';
import { formatPlatform, parsePlatform } from '../../image/platform.ts';
import { familiarString, parseNormalizedNamed, tagNameOnly } from '../../image/reference.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { flagValue } from '../flag-value.ts';
import { checkAttributes, isAttribute, OUTPUTS } from './attributes.ts';
import { cutPair, parseBoolean, parseFields, shown } from './fields.ts';
import { requireDeletable } from './local-delete.ts';

export interface OutputFlags {
  readonly output: readonly string[];
  readonly push: boolean;
  readonly load: boolean;
  readonly tag: readonly string[];
  readonly annotation: readonly string[];
  /** Whether attributes that tsfront does not know are handed on. */
  readonly allowUnknown?: boolean | undefined;
  /** Whether a local output may delete files outside of the current folder. */
  readonly allowDelete?: boolean | undefined;
  /** Folders that the build reads: without that they are not deleted either. */
  readonly sources?: readonly string[] | undefined;
}

/** Types that hold an image and so have names and annotations. */
const imageTypes = new Set(['image', 'oci', 'docker', 'moby']);
/** Of an image, what the store of a Docker engine without containerd's heeds; the rest it would ignore. */
const heededByEngine = new Set(['name', 'push', 'unpack', 'store', 'tar', 'context', 'source-date-epoch']);

export interface OutputPlace {
  readonly kind: Connection['kind'];
  /** Whether the daemon pushes images itself: a Docker engine without the containerd image store does not. */
  readonly pushes: boolean;
  /** Takes an archive into the Docker engine, for a BuildKit that is not inside one. */
  readonly load: Destination;
}

export interface Outputs {
  readonly exports: Export[];
  /** Names that the Docker engine has to push once they are built. */
  readonly pushByEngine: string[];
  /** Whether the engine that gets the image knows it by the digest of its manifest or index, not by that of its config. */
  readonly prefersImageDigest: boolean;
}

/** @throws UsageError for flags that do not go together, and for what would be ignored */
export function parseOutputs(flags: OutputFlags, { kind, pushes, load }: OutputPlace): Outputs {
  const names = flags.tag.map((tag) => imageName('--tag', tag)).join(',');
  const annotations = Object.fromEntries(parseAnnotations(flags.annotation));
  const given = flags.output.filter((it) => it !== '').map((text) => parseOutput(text, flags.allowUnknown));
  const entries = given.filter(({ type }) => type !== 'cacheonly'); // the result is in the cache in any case
  if (given.length > 0 && entries.length === 0 && !flags.push && !flags.load)
    return { exports: [], pushByEngine: [], prefersImageDigest: false };
  if (flags.push) {
    const image = entries.find(({ type }) => type === 'image');
    if (image) image.attrs['push'] = 'true';
    else entries.push({ type: 'image', dest: '', attrs: { push: 'true' } });
  }
  if (flags.load || (entries.length === 0 && kind === 'dockerd')) {
    const loads = ({ type, dest }: Entry) => (type === 'docker' && !dest) || (type === 'image' && kind === 'dockerd');
    if (!entries.some(loads)) entries.push({ type: 'docker', dest: '', attrs: {} });
  }
  const pushByEngine: string[] = [];
  let onStdout = false;
  const exports = entries.map(({ type, dest, attrs }): Export => {
    const all: Record<string, string> = { ...attrs };
    if (all['tar'] !== undefined) all['tar'] = String(all['tar'] === '' || parseBoolean('--output', all['tar']));
    if (imageTypes.has(type)) {
      const named = [all['name'], names].filter(Boolean).flatMap((list) => list!.split(','));
      if (named.length > 0) all['name'] = [...new Set(named)].join(',');
      Object.assign(all, annotations);
    }
    if (type === 'docker' && !dest && all['tar'] === 'false')
      throw new UsageError('dest is required for docker exporter with tar=false: it names the folder');
    if (all['context'] !== undefined && (dest || kind === 'dockerd'))
      throw new UsageError(
        `--output type=docker: context=${all['context']} names the Docker engine that loads the image, ${dest ? 'but dest makes a file of it' : 'but an engine that builds loads it itself'}`,
      );
    if (type === 'image' || (type === 'docker' && !dest)) {
      const { push, ...unpushed } = all;
      const pushed = push !== undefined && (push === '' || parseBoolean('--output', push));
      if (pushed && !all['name']) throw new UsageError('tag is needed when pushing to registry');
      if (kind === 'dockerd' && pushed && !pushes) {
        const byDigest = all['push-by-digest'];
        if (byDigest !== undefined && (byDigest === '' || parseBoolean('--output', byDigest)))
          throw new UsageError('this Docker engine cannot push by digest');
        for (const name of all['name']!.split(',')) pushByEngine.push(name);
      }
      if (kind === 'dockerd' && !pushes) requireHeeded(all);
      if (kind === 'dockerd' && !(pushed && pushes)) return { type: 'custom', name: 'moby', attrs: unpushed };
      return type === 'docker' ? { type, dest: load, attrs: all } : { type, attrs: all };
    }
    if (type !== 'local' && type !== 'tar' && type !== 'oci' && type !== 'docker')
      return { type: 'custom', name: type, attrs: all };
    if (type === 'local') {
      if (!dest) throw new UsageError('dest is required for local exporter');
      if (dest === '-') throw new UsageError('dest cannot be stdout for local exporter');
      if (all['mode'] === 'delete' && !flags.allowDelete) requireDeletable(dest, flags.sources);
      return { type, dest, attrs: all };
    }
    if (all['tar'] !== 'false' && (dest === '-' || !dest)) {
      if (process.stdout.isTTY)
        throw new UsageError(`dest file is required for ${type} exporter. refusing to write to console`);
      if (onStdout) throw new UsageError('multiple outputs configured to write to stdout');
      onStdout = true;
      return { type, attrs: all, dest: () => process.stdout };
    }
    if (all['tar'] !== 'false' && existsSync(dest) && statSync(dest).isDirectory())
      throw new UsageError(`destination file ${dest} is a directory`);
    return { type, dest, attrs: all };
  });
  const inEngine =
    kind === 'dockerd' && entries.some(({ type, dest }) => type === 'image' || (type === 'docker' && !dest));
  return { exports, pushByEngine, prefersImageDigest: inEngine && pushes };
}

/** Checks outputs as far as they do not depend on the daemon. @throws UsageError */
export function requireOutputs(flags: OutputFlags): readonly Export[] {
  const load = () => {
    throw new Error('nothing is loaded yet');
  };
  return parseOutputs(flags, { kind: 'buildkitd', pushes: true, load }).exports;
}

/** @throws UsageError for an attribute that the image store of this Docker engine ignores */
function requireHeeded(attrs: Readonly<Record<string, string>>): void {
  const ignored = Object.keys(attrs).find((name) => !heededByEngine.has(name));
  if (ignored === undefined) return;
  const what = /^annotation/.test(ignored) ? `the annotation ${ignored.replace(/^annotation\.?/, '')}` : ignored;
  throw new UsageError(
    `this Docker engine keeps images without ${what}: turn on its containerd image store, or build with a BuildKit of its own (--builder)`,
  );
}

/** Outputs that are ready to be written. @throws Error when the Docker engine that is to get one cannot be reached */
export async function openOutputs(flags: OutputFlags, place: Omit<OutputPlace, 'load'>): Promise<Outputs> {
  const loader = dockerLoader();
  const parsed = parseOutputs(flags, { ...place, load: loader.dest });
  const outputs = { ...parsed, exports: parsed.exports.map(intoContext) };
  const isLoaded = (output: Export) => 'dest' in output && output.dest === loader.dest;
  if (outputs.exports.some(isLoaded)) {
    await loader.check().catch((error: Error) => {
      const way = 'set DOCKER_HOST, or use -o type=docker,dest=FILE and "docker load -i FILE" where the engine is';
      throw new Error(`the Docker engine that is to load the image cannot be reached: ${error.message} (${way})`, {
        cause: error,
      });
    });
    if (await loader.hasImageStore()) {
      const exports = outputs.exports.map((it): Export => (isLoaded(it) ? ({ ...it, type: 'oci' } as Export) : it));
      return { ...outputs, exports, prefersImageDigest: true };
    }
  }
  return outputs;
}

/** The attribute `context` of an image to be loaded is for us: it chooses the engine. */
function intoContext(output: Export): Export {
  if (output.type !== 'docker' || output.attrs?.['context'] === undefined) return output;
  const { context, ...attrs } = output.attrs;
  const env = { ...process.env, DOCKER_HOST: '', DOCKER_CONTEXT: context };
  return { ...output, attrs, dest: dockerLoader({ env }).dest };
}

interface Entry {
  readonly type: string;
  readonly dest: string;
  readonly attrs: Record<string, string>;
}

function parseOutput(text: string, allowUnknown: boolean | undefined): Entry {
  const fields = parseFields('--output', text);
  const [first = '', value] = [...fields][0] ?? [];
  // a lone path is a directory, or an archive on standard output
  if (fields.size === 1 && (value === undefined || !/^[a-z]/i.test(text)))
    return { type: text === '-' ? 'tar' : 'local', dest: text, attrs: {} };
  const attrs: Record<string, string> = Object.create(null);
  for (const [key, value] of fields) {
    if (value === undefined) throw new UsageError(`invalid value ${shown(text)} for --output: ${key} has no value`);
    attrs[key] = value;
  }
  const { type, ...all } = attrs;
  if (!type) {
    const lone = fields.size === 1 && !isAttribute(OUTPUTS, first) ? `; a folder of that name is ./${text}` : '';
    const local = all['dest'] === undefined ? '' : `: type=local,dest=${all['dest']} writes files there`;
    throw new UsageError(`type is required for output ${shown(text)}${local}${lone}`);
  }
  if (type === 'local' && all['mode'] !== undefined) all['mode'] = all['mode'].trim().toLowerCase() || 'copy';
  checkAttributes('--output', OUTPUTS, type, Object.entries(all), allowUnknown);
  const { dest = '', ...rest } = all;
  return type === 'registry' ? { type: 'image', dest, attrs: { ...rest, push: 'true' } } : { type, dest, attrs: rest };
}

const annotated = new Set(['index', 'index-descriptor', 'manifest', 'manifest-descriptor']);

/** `[TYPE[PLATFORM],…:]KEY=VALUE` as exporter attributes; the manifest's where there is no type. */
function parseAnnotations(annotations: readonly string[]): [string, string][] {
  return annotations
    .filter((it) => it !== '')
    .flatMap((annotation) => {
      const [name, value] = cutPair(annotation);
      if (value === undefined)
        throw new UsageError(`invalid annotation ${JSON.stringify(annotation)}, expected key=value`);
      const [, types, key] = /^([^:]*):(.*)$/s.exec(name) ?? [];
      if (types === undefined) return [[`annotation.${name}`, value] as [string, string]];
      return types.split(',').map((text): [string, string] => {
        const [, type = '', platform] = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/.exec(text) ?? [];
        const known = [...annotated].join(', ');
        if (!type)
          throw new UsageError(
            `invalid annotation type ${JSON.stringify(text)}, expected type and optional platform in square brackets`,
          );
        if (!annotated.has(type))
          throw new UsageError(`unknown annotation type ${JSON.stringify(type)}: known are ${known}`);
        const place = platform && type.startsWith('manifest') ? `[${formatPlatform(parsePlatform(platform))}]` : '';
        return [`annotation-${type}${place}.${key}`, value];
      });
    });
}

/** A name with its tag. @throws UsageError that names the flag */
function imageName(flag: string, text: string): string {
  return flagValue(flag, text, () => familiarString(tagNameOnly(parseNormalizedNamed(text))));
}
