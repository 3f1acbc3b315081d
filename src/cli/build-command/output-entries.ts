/** The outputs that --output, --push and --load ask for, with the names and annotations of images. */
import { exporterOf } from '../../client/exporter-table.ts';
import type { Connection } from '../../client/index.ts';
import { familiarString, parseNormalizedNamed, tagNameOnly } from '../../image/reference.ts';
import { UsageError } from '../../text/usage-error.ts';
import { checkAttributes, isAttribute, outputTable } from '../options/attributes.ts';
import { parseBoolean, parseFields, shownValue } from '../options/fields.ts';
import { flagValue } from '../options/flag-value.ts';
import { parseAnnotations } from './annotations.ts';

/** The flags from which the outputs of a build are made. */
export interface OutputFlags {
  readonly output: readonly string[];
  readonly push?: boolean | undefined;
  readonly load?: boolean | undefined;
  /** Whether a Docker engine keeps results without an output; BUILDX_NO_DEFAULT_LOAD turns it off. */
  readonly keepsByDefault?: boolean | undefined;
  readonly tag: readonly string[];
  readonly annotation: readonly string[];
  /** Whether attributes that tsfront does not know are passed to the daemon. */
  readonly allowUnknown?: boolean | undefined;
  /** Whether a local output may delete files outside of the current directory. */
  readonly allowDelete?: boolean | undefined;
  /** Directories that the build reads, which local outputs must not delete without permission. */
  readonly sources?: readonly string[] | undefined;
}

/** One output. */
export interface OutputEntry {
  /** The name of its exporter. */
  readonly type: string;
  /** '' if none was given. */
  readonly dest: string;
  readonly attrs: Readonly<Record<string, string>>;
}

/**
 * Returns all outputs of a build. `cacheonly` outputs are omitted, because the result is in the cache in any case.
 * @param kind a Docker engine keeps the image of a build without outputs
 * @throws UsageError for an invalid output
 */
export function outputEntries(flags: OutputFlags, kind: Connection['kind']): OutputEntry[] {
  const names = flags.tag.map((tag) => imageName('--tag', tag)).join(',');
  const annotations = parseAnnotations(flags.annotation);
  const given = flags.output.filter((it) => it !== '').map((text) => parseOutput(text, flags.allowUnknown));
  const kept = given.filter(({ type }) => type !== 'cacheonly');
  if (given.length > 0 && kept.length === 0 && !flags.push && !flags.load) return [];
  const pushed = flags.push ? withPush(kept) : kept;
  const isKept = pushed.length === 0 && kind === 'dockerd' && flags.keepsByDefault !== false;
  const all = flags.load || isKept ? withLoad(pushed, kind) : pushed;
  return all.map((entry) => withTar(exporterOf(entry.type)?.makesImage ? withNames(entry, names, annotations) : entry));
}

/** Sets `push` on the image output, or adds one. */
function withPush(entries: readonly OutputEntry[]): OutputEntry[] {
  const at = entries.findIndex(({ type }) => type === 'image');
  if (at < 0) return [...entries, { type: 'image', dest: '', attrs: { push: 'true' } }];
  return entries.with(at, { ...entries[at]!, attrs: { ...entries[at]!.attrs, push: 'true' } });
}

/** Adds an output that loads the image into the Docker engine, unless one does already. */
function withLoad(entries: readonly OutputEntry[], kind: Connection['kind']): readonly OutputEntry[] {
  const loads = ({ type, dest }: OutputEntry) =>
    (type === 'docker' && !dest) || (type === 'image' && kind === 'dockerd');
  return entries.some(loads) ? entries : [...entries, { type: 'docker', dest: '', attrs: {} }];
}

function withNames(entry: OutputEntry, names: string, annotations: Readonly<Record<string, string>>): OutputEntry {
  const all = [entry.attrs['name'], names].filter(Boolean).flatMap((list) => list!.split(','));
  const named = all.length > 0 && { name: [...new Set(all)].join(',') };
  return { ...entry, attrs: { ...entry.attrs, ...named, ...annotations } };
}

/** Normalizes the attribute `tar` to true or false. */
function withTar(entry: OutputEntry): OutputEntry {
  const { tar } = entry.attrs;
  return tar === undefined ? entry : { ...entry, attrs: { ...entry.attrs, tar: String(isOn(tar)) } };
}

/** Whether a boolean attribute is set; an empty value means true. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && (value === '' || parseBoolean('--output', value));
}

function parseOutput(text: string, allowUnknown: boolean | undefined): OutputEntry {
  const fields = parseFields('--output', text);
  const [first = '', value] = [...fields][0] ?? [];
  // A lone path is a directory, or an archive on standard output.
  if (fields.size === 1 && (value === undefined || !/^[a-z]/i.test(text)))
    return { type: text === '-' ? 'tar' : 'local', dest: text, attrs: {} };
  const attrs: Record<string, string> = Object.create(null);
  for (const [key, value] of fields) {
    if (value === undefined)
      throw new UsageError(`invalid value ${shownValue(text)} for --output: ${key} has no value`);
    attrs[key] = value;
  }
  const { type, ...all } = attrs;
  if (!type) {
    const lone = fields.size === 1 && !isAttribute(outputTable, first) ? `; a directory of that name is ./${text}` : '';
    const local = all['dest'] === undefined ? '' : `: type=local,dest=${all['dest']} writes files there`;
    throw new UsageError(`--output: type is required for output ${shownValue(text)}${local}${lone}`);
  }
  if (type === 'local' && all['mode'] !== undefined) all['mode'] = all['mode'].trim().toLowerCase() || 'copy';
  checkAttributes('--output', outputTable, type, Object.entries(all), allowUnknown);
  const { dest = '', ...rest } = all;
  return type === 'registry' ? { type: 'image', dest, attrs: { ...rest, push: 'true' } } : { type, dest, attrs: rest };
}

/** A name with its tag. @throws UsageError that names the flag */
function imageName(flag: string, text: string): string {
  return flagValue(flag, text, () => familiarString(tagNameOnly(parseNormalizedNamed(text))));
}
