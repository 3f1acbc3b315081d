/** Turns the output flags into exports: to the daemon, to a Docker engine, or to files on this machine. */
import { existsSync, statSync } from 'node:fs';
import { type ExportersTo, goesTo } from '../../client/exporter-table.ts';
import type { Connection, Destination, Export } from '../../client/index.ts';
import { UsageError } from '../../text/usage-error.ts';
import { requireDeletable } from './local-delete.ts';
import { isOn, type OutputEntry, type OutputFlags, outputEntries } from './output-entries.ts';

/** What the outputs depend on besides the flags: the kind of daemon and its image store. */
export interface OutputPlace {
  readonly kind: Connection['kind'];
  /** Whether the daemon pushes images itself: a Docker engine without the containerd image store does not. */
  readonly pushes: boolean;
  /** Loads an archive into the Docker engine, for a BuildKit outside of it. */
  readonly load: Destination;
}

/** The outputs of a build, and what the Docker engine has to do with them afterwards. */
export interface Outputs {
  readonly exports: Export[];
  /** Names that the Docker engine has to push after the build. */
  readonly pushByEngine: string[];
  /**
   * Whether the engine that receives the image identifies it by the digest of its manifest or index instead of that of
   * its config.
   */
  readonly prefersImageDigest: boolean;
}

/**
 * Makes the outputs of the flags.
 * @throws UsageError for flags that contradict each other, and for attributes that would be ignored
 */
export function parseOutputs(flags: OutputFlags, place: OutputPlace): Outputs {
  const entries = outputEntries(flags, place.kind);
  for (const entry of entries) requireConsistent(entry, place);
  const exports = entries.map((entry) => toExport(entry, flags, place));
  if (exports.filter((it) => 'dest' in it && it.dest === toStdout).length > 1)
    throw new UsageError('--output: multiple outputs configured to write to stdout: give dest=FILE to all but one');
  return {
    exports,
    pushByEngine: entries.filter((entry) => isPushedByEngine(entry, place)).flatMap(namesOf),
    prefersImageDigest: place.kind === 'dockerd' && place.pushes && entries.some(goesToStore),
  };
}

/** Whether an image goes into the image store of the daemon or of a Docker engine. */
const goesToStore = ({ type, dest }: OutputEntry) => type === 'image' || (type === 'docker' && !dest);

const isPushedByEngine = (entry: OutputEntry, { kind, pushes }: OutputPlace) =>
  goesToStore(entry) && kind === 'dockerd' && !pushes && isOn(entry.attrs['push']);

const namesOf = ({ attrs }: OutputEntry) => attrs['name']!.split(',');

/** @throws UsageError for attributes that contradict the destination */
function requireConsistent({ type, dest, attrs: { tar, context } }: OutputEntry, { kind }: OutputPlace): void {
  if (type === 'docker' && !dest && tar === 'false')
    throw new UsageError(
      '--output type=docker: dest is required for docker exporter with tar=false: it names the directory',
    );
  if (context !== undefined && (dest || kind === 'dockerd'))
    throw new UsageError(
      `--output type=docker: context=${context} names the Docker engine that loads the image, ${dest ? 'but dest makes a file of it' : 'but an engine that builds loads it itself'}`,
    );
}

function toExport(entry: OutputEntry, flags: OutputFlags, place: OutputPlace): Export {
  const { type, attrs } = entry;
  if (goesToStore(entry)) return storedImage(entry, place);
  if (goesTo(type, 'dir')) return localDir({ ...entry, type }, flags);
  if (goesTo(type, 'archive')) return archive({ ...entry, type });
  return { type: 'custom', name: type, attrs };
}

function storedImage(entry: OutputEntry, place: OutputPlace): Export {
  const { kind, pushes, load } = place;
  const { push, ...unpushed } = entry.attrs;
  const isPushed = isOn(push);
  if (isPushed && !unpushed['name'])
    throw new UsageError(
      'tag is needed when pushing to registry: --push and --output type=registry take it from --tag, or from name=IMAGE of the output',
    );
  if (isPushedByEngine(entry, place) && isOn(unpushed['push-by-digest']))
    throw new UsageError(
      '--output push-by-digest=true: this Docker engine cannot push by digest: turn on its containerd image store, or build with a BuildKit of its own (--builder)',
    );
  if (kind === 'dockerd' && !pushes) requireStoredAttributes(entry.attrs);
  if (kind === 'dockerd' && !(isPushed && pushes)) return { type: 'custom', name: 'moby', attrs: unpushed };
  return entry.type === 'docker'
    ? { type: 'docker', dest: load, attrs: entry.attrs }
    : { type: 'image', attrs: entry.attrs };
}

function localDir(
  { type, dest, attrs }: OutputEntry & { readonly type: ExportersTo<'dir'> },
  { allowDelete, sources }: OutputFlags,
): Export {
  if (!dest) throw new UsageError(`--output type=${type}: dest is required for ${type} exporter: give dest=DIRECTORY`);
  if (dest === '-')
    throw new UsageError(
      `--output type=${type}: dest cannot be stdout for ${type} exporter: type=tar writes an archive there`,
    );
  if (attrs['mode'] === 'delete' && !allowDelete) requireDeletable(dest, sources);
  return { type, dest, attrs };
}

function archive({ type, dest, attrs }: OutputEntry & { readonly type: ExportersTo<'archive'> }): Export {
  const isLayout = attrs['tar'] === 'false';
  if (!isLayout && (dest === '-' || !dest)) {
    if (process.stdout.isTTY)
      throw new UsageError(
        `--output type=${type}: dest file is required for ${type} exporter. refusing to write to console: give dest=FILE`,
      );
    return { type, attrs, dest: toStdout };
  }
  if (!isLayout && existsSync(dest) && statSync(dest).isDirectory())
    throw new UsageError(`--output type=${type}: destination file ${dest} is a directory: name a file in it`);
  return { type, dest, attrs };
}

const toStdout = () => process.stdout;

/** Attributes of an image that a Docker engine without the containerd image store supports. It ignores all others. */
const engineStoreAttributes = new Set(['name', 'push', 'unpack', 'store', 'tar', 'context', 'source-date-epoch']);

/** @throws UsageError for an attribute that the image store of this Docker engine ignores */
function requireStoredAttributes(attrs: Readonly<Record<string, string>>): void {
  const ignored = Object.keys(attrs).find((name) => !engineStoreAttributes.has(name));
  if (ignored === undefined) return;
  const what = /^annotation/.test(ignored) ? `the annotation ${ignored.replace(/^annotation\.?/, '')}` : ignored;
  throw new UsageError(
    `--output: this Docker engine keeps images without ${what}: turn on its containerd image store, or build with a BuildKit of its own (--builder)`,
  );
}

/** Checks the outputs as far as possible without the daemon. @throws UsageError */
export function requireOutputs(flags: OutputFlags): readonly Export[] {
  return parseOutputs(flags, { kind: 'buildkitd', pushes: true, load: notLoaded }).exports;
}

/** Placeholder for the loader of a Docker engine when outputs are only checked. */
export const notLoaded = () => {
  throw new Error('nothing is loaded yet');
};
