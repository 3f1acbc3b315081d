/** Where a build's result goes: --output, --push, --load, --tag, --annotation. */
import { existsSync, statSync } from 'node:fs';
import { type Connection, type Destination, dockerLoader, type Export } from '../../client/index.ts';
import { formatPlatform, parsePlatform } from '../../image/platform.ts';
import { familiarString, parseNormalizedNamed, tagNameOnly } from '../../image/reference.ts';
import { flagValue } from '../flag-value.ts';
import { cutPair, parseBoolean, parseFields } from './fields.ts';

export interface OutputFlags {
  readonly output: readonly string[];
  readonly push: boolean;
  readonly load: boolean;
  readonly tag: readonly string[];
  readonly annotation: readonly string[];
}

/** Types that hold an image and so have names and annotations. */
const imageTypes = new Set(['image', 'oci', 'docker', 'moby']);

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
}

/** @throws Error for flags that do not go together */
export function parseOutputs(flags: OutputFlags, { kind, pushes, load }: OutputPlace): Outputs {
  const names = flags.tag.map((tag) => imageName('--tag', tag)).join(',');
  const annotations = Object.fromEntries(parseAnnotations(flags.annotation));
  const given = flags.output.filter((it) => it !== '').map(parseOutput);
  const entries = given.filter(({ type }) => type !== 'cacheonly'); // the result is in the cache in any case
  if (given.length > 0 && entries.length === 0 && !flags.push && !flags.load) return { exports: [], pushByEngine: [] };
  if (flags.push) {
    const image = entries.find(({ type }) => type === 'image');
    if (image) image.attrs['push'] = 'true';
    else entries.push({ type: 'image', dest: '', attrs: { push: 'true' } });
    if (!names && !entries.some(({ attrs }) => attrs['name']))
      throw new Error('tag is needed when pushing to registry');
  }
  if (flags.load || (entries.length === 0 && kind === 'dockerd')) {
    const loads = ({ type, dest }: Entry) => (type === 'docker' && !dest) || (type === 'image' && kind === 'dockerd');
    if (!entries.some(loads)) entries.push({ type: 'docker', dest: '', attrs: {} });
  }
  const pushByEngine: string[] = [];
  let onStdout = false;
  const exports = entries.map(({ type, dest, attrs }): Export => {
    const all: Record<string, string> = { ...attrs };
    if (all['tar'] !== undefined) all['tar'] = String(parseBoolean('--output', all['tar']));
    if (imageTypes.has(type)) {
      if (names && !all['name']) all['name'] = names;
      Object.assign(all, annotations);
    }
    if (type === 'image' || (type === 'docker' && !dest)) {
      const { push, ...unpushed } = all;
      const pushed = push !== undefined && parseBoolean('--output', push);
      if (kind === 'dockerd' && pushed && !pushes) {
        if (all['push-by-digest']) throw new Error('this Docker engine cannot push by digest');
        if (!all['name']) throw new Error('tag is needed when pushing to registry');
        for (const name of all['name'].split(',')) pushByEngine.push(name);
      }
      if (kind === 'dockerd' && !(pushed && pushes)) return { type: 'custom', name: 'moby', attrs: unpushed };
      return type === 'docker' ? { type, dest: load, attrs: all } : { type, attrs: all };
    }
    if (type !== 'local' && type !== 'tar' && type !== 'oci' && type !== 'docker')
      return { type: 'custom', name: type, attrs: all };
    if (type === 'local') {
      if (!dest) throw new Error('dest is required for local exporter');
      if (dest === '-') throw new Error('dest cannot be stdout for local exporter');
      return { type, dest, attrs: all };
    }
    if (all['tar'] !== 'false' && (dest === '-' || !dest)) {
      if (process.stdout.isTTY)
        throw new Error(`dest file is required for ${type} exporter. refusing to write to console`);
      if (onStdout) throw new Error('multiple outputs configured to write to stdout');
      onStdout = true;
      return { type, attrs: all, dest: () => process.stdout };
    }
    if (all['tar'] !== 'false' && existsSync(dest) && statSync(dest).isDirectory())
      throw new Error(`destination file ${dest} is a directory`);
    return { type, dest, attrs: all };
  });
  return { exports, pushByEngine };
}

/** Outputs that are ready to be written. @throws Error when the Docker engine that is to get one cannot be reached */
export async function openOutputs(flags: OutputFlags, place: Omit<OutputPlace, 'load'>): Promise<Outputs> {
  const loader = dockerLoader();
  const outputs = parseOutputs(flags, { ...place, load: loader.dest });
  if (outputs.exports.some((output) => 'dest' in output && output.dest === loader.dest)) {
    await loader.check().catch((error: Error) => {
      const way = 'set DOCKER_HOST, or use -o type=docker,dest=FILE and "docker load -i FILE" where the engine is';
      throw new Error(`the Docker engine that is to load the image cannot be reached: ${error.message} (${way})`, {
        cause: error,
      });
    });
  }
  return outputs;
}

interface Entry {
  readonly type: string;
  readonly dest: string;
  readonly attrs: Record<string, string>;
}

function parseOutput(text: string): Entry {
  const fields = parseFields('--output', text);
  const [first] = fields.keys();
  // a lone path is a directory, or an archive on standard output
  if (fields.size === 1 && fields.get(first!) === undefined)
    return { type: text === '-' ? 'tar' : 'local', dest: text, attrs: {} };
  const attrs: Record<string, string> = Object.create(null);
  for (const [key, value] of fields) {
    if (value === undefined) throw new Error(`invalid value ${JSON.stringify(text)} for --output: ${key} has no value`);
    attrs[key] = value;
  }
  const { type, dest = '', ...rest } = attrs;
  if (!type) throw new Error('type is required for output');
  return type === 'registry' ? { type: 'image', dest, attrs: { ...rest, push: 'true' } } : { type, dest, attrs: rest };
}

const annotated = new Set(['index', 'index-descriptor', 'manifest', 'manifest-descriptor']);

/** `[TYPE[PLATFORM],…:]KEY=VALUE` as exporter attributes; the manifest's where there is no type. */
function parseAnnotations(annotations: readonly string[]): [string, string][] {
  return annotations
    .filter((it) => it !== '')
    .flatMap((annotation) => {
      const [name, value] = cutPair(annotation);
      if (value === undefined) throw new Error(`invalid annotation ${JSON.stringify(annotation)}, expected key=value`);
      const [, types, key] = /^([^:]*):(.*)$/s.exec(name) ?? [];
      if (types === undefined) return [[`annotation.${name}`, value] as [string, string]];
      return types.split(',').map((text): [string, string] => {
        const [, type = '', platform] = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/.exec(text) ?? [];
        const known = [...annotated].join(', ');
        if (!type)
          throw new Error(
            `invalid annotation type ${JSON.stringify(text)}, expected type and optional platform in square brackets`,
          );
        if (!annotated.has(type))
          throw new Error(`unknown annotation type ${JSON.stringify(type)}: known are ${known}`);
        const place = platform && type.startsWith('manifest') ? `[${formatPlatform(parsePlatform(platform))}]` : '';
        return [`annotation-${type}${place}.${key}`, value];
      });
    });
}

/** A name with its tag. @throws UsageError that names the flag */
function imageName(flag: string, text: string): string {
  return flagValue(flag, text, () => familiarString(tagNameOnly(parseNormalizedNamed(text))));
}
