/** Makes the lock of a Dockerfile, from the lock that it has and from what its sources are now. */
import { diagnosticError } from '../../diagnostic/diagnostic.ts';
import { parseNormalizedNamed, referenceName } from '../../image/reference.ts';
import { aLock, type Lock, type LockedSource } from '../../lock/lock-file.ts';
import type { SourceKind } from '../../lock/source-name.ts';
import { aBoolean, aString, checkArgument, either, listOf, objectWith, optional } from '../../text/arguments.ts';
import { suggest } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';
import { daemonlessOptions } from '../daemonless-arguments.ts';
import type { DaemonlessOptions } from '../daemonless-bridge.ts';
import { collectSources, type KnownPin, type WantedSource } from './collect-sources.ts';
import { type Pin, resolveSource, type SourceResolvers } from './resolve-source.ts';

/** What to lock. */
export interface LockRequest {
  /** The build, whose images are resolved by its own resolvers. */
  readonly options: DaemonlessOptions;
  /** The text of the Dockerfile. */
  readonly text: string;
  /** The platforms, such as `linux/amd64`. */
  readonly platforms: readonly string[];
  /** The lock that there is. Its pins stay unless they are updated. */
  readonly previous?: Lock | undefined;
  /** The sources to resolve anew, by their names in the lock or, for images, without tag: `all`, or none by default. */
  readonly update?: 'all' | readonly string[] | undefined;
  /** Whether sources without a pin are not resolved, but stay without. false by default. */
  readonly keepUnlocked?: boolean | undefined;
  /** Whether the network must not be used. false by default. */
  readonly offline?: boolean | undefined;
  /** The environment of the `git` command, by default that of this process. */
  readonly env?: SourceResolvers['env'];
}

/**
 * What became of a source: it is pinned as before (`same`), to something else (`changed`), for the first time (`new`);
 * no build takes it any more (`unused`); or it has no pin (`unlocked`).
 */
export type SourceChange = 'same' | 'changed' | 'new' | 'unused' | 'unlocked';

/** A source before and after. */
export interface ChangedSource {
  /** An image, a file on the web or a git repository. */
  readonly kind: SourceKind;
  /** Its name in the lock. */
  readonly name: string;
  /** What became of it. */
  readonly change: SourceChange;
  /** The pin in the lock that there was; undefined if it had none. */
  readonly before: Pin | undefined;
  /** The pin in the new lock; undefined if it has none. */
  readonly after: Pin | undefined;
}

/** A lock, and how it differs from the one before. */
export interface UpdatedLock {
  /** The new lock. */
  readonly lock: Lock;
  /** Sorted by kind and name. */
  readonly sources: readonly ChangedSource[];
  /**
   * The images whose config a resolver made up ({@link FoundImage.unknown}), by name and tag: what is built on them
   * may take more sources.
   */
  readonly unknownImages: ReadonlySet<string>;
}

const lockRequest = objectWith({
  options: daemonlessOptions,
  text: aString,
  platforms: listOf(aString),
  previous: optional(aLock),
  update: optional(either("'all' or an array of names", aString, listOf(aString))),
  keepUnlocked: optional(aBoolean),
  offline: optional(aBoolean),
});

/** Requests at a time. */
const atATime = 8;

/**
 * Collects the sources of all stages and finds their pins.
 *
 * @throws Error if the Dockerfile does not compile or a source cannot be resolved: all that fail are listed; UsageError
 *   for a name to update that the lock does not have
 * @example
 * const { opts, locals } = await openBuildContext({ context: '.', readStdin: async () => new Uint8Array() });
 * const options = { opts, locals, images: [registryResolver()] };
 * const text = await readFile('Dockerfile', 'utf8');
 * const { lock } = await updateLock({ options, text, platforms: ['linux/amd64'] });
 * await writeFile('Dockerfile.lock', formatLock(lock));
 */
export async function updateLock(request: LockRequest): Promise<UpdatedLock> {
  checkArgument('updateLock', 'request', request, lockRequest);
  const { options, previous, offline, env } = request;
  requireNames(request);
  const before = new Map(previous?.sources.map((it) => [keyOf(it), it]));
  const isUpdated = updatesOf(request);
  const known = (kind: SourceKind, name: string) =>
    isUpdated(kind, name) ? undefined : before.get(keyOf({ kind, name }))?.pin;
  const { sources: wanted, unknownImages } = await collectSources(options, request.text, request.platforms, known);

  const resolvers = { images: options.images, offline, env, signal: options.signal };
  const open = wanted.filter(({ kind, name }) => known(kind, name) === undefined);
  const resolved = request.keepUnlocked ? new Map<WantedSource, Pin>() : await resolveAll(open, resolvers, request);
  const platforms = [...request.platforms].sort();
  const sources: LockedSource[] = [];
  const changes: ChangedSource[] = [];
  for (const source of wanted) {
    const { kind, name } = source;
    const old = before.get(keyOf(source));
    before.delete(keyOf(source));
    const found = resolved.get(source);
    // The date of a file may differ from server to server.
    const after = found && found.pin !== old?.pin ? found : old && { pin: old.pin, date: old.date ?? found?.date };
    if (after) sources.push({ kind, name, ...pinOf(after), ...platformsOf(source, platforms) });
    const change = !after ? 'unlocked' : !old ? 'new' : old.pin === after.pin ? 'same' : 'changed';
    changes.push({ kind, name, change, before: old && pinOf(old), after: after && pinOf(after) });
  }
  for (const old of before.values())
    changes.push({ kind: old.kind, name: old.name, change: 'unused', before: pinOf(old), after: undefined });
  changes.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
  return { lock: { platforms, sources }, sources: changes, unknownImages };
}

const order: readonly SourceKind[] = ['image', 'http', 'git'];

const keyOf = ({ kind, name }: { readonly kind: SourceKind; readonly name: string }) => `${kind} ${name}`;

const pinOf = ({ pin, date }: { readonly pin: string; readonly date?: string | undefined }): Pin => ({ pin, date });

function platformsOf({ platforms }: WantedSource, all: readonly string[]): Pick<LockedSource, 'platforms'> {
  return platforms.size === all.length ? {} : { platforms: [...platforms].sort() };
}

function updatesOf({ update = [] }: LockRequest): (kind: SourceKind, name: string) => boolean {
  if (update === 'all') return () => true;
  return (kind, name) => update.some((it) => isNamed(it, kind, name));
}

/**
 * Whether the user's name is that of a source: an image may also be named without its tag, a repository without its
 * reference.
 */
function isNamed(given: string, kind: SourceKind, name: string): boolean {
  if (given === name) return true;
  if (kind === 'git') return name.startsWith(`${given}#`);
  if (kind === 'http') return false;
  try {
    const [wanted, image] = [parseNormalizedNamed(given), parseNormalizedNamed(name)];
    return referenceName(wanted) === referenceName(image) && (wanted.tag === '' || wanted.tag === image.tag);
  } catch {
    return false;
  }
}

function requireNames({ update, previous }: LockRequest): void {
  if (update === 'all') return;
  for (const given of update ?? []) {
    const sources = previous?.sources ?? [];
    if (sources.some(({ kind, name }) => isNamed(given, kind, name))) continue;
    const names = sources.map(({ name }) => name);
    const similar = suggest(given, [...names, ...names.map((it) => it.replace(/:[^:/]*$/, ''))], false);
    const advice =
      similar === undefined ? `it has ${names.join(', ') || 'no sources yet'}` : `did you mean ${similar}?`;
    throw new UsageError(`\`update\`: the lock has no source ${JSON.stringify(given)} (${advice})`);
  }
}

async function resolveAll(
  sources: readonly WantedSource[],
  resolvers: SourceResolvers,
  request: LockRequest,
): Promise<Map<WantedSource, Pin>> {
  const pins = new Map<WantedSource, Pin>();
  const failures = new Map<string, string>();
  const left = [...sources];
  const work = async () => {
    for (let source = left.shift(); source; source = left.shift()) {
      try {
        pins.set(source, await resolveSource(source, resolvers));
      } catch (error) {
        resolvers.signal?.throwIfAborted();
        failures.set(keyOf(source), (error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, sources.length) }, work));
  if (failures.size > 0) {
    await showFailures(failures, request, (kind, name) => {
      for (const [source, { pin }] of pins) if (source.kind === kind && source.name === name) return pin;
      return request.previous?.sources.find((it) => it.kind === kind && it.name === name)?.pin;
    });
    throw new Error([...failures.values()].sort().join('\n'));
  }
  return pins;
}

/**
 * Compiles again, so that the frontend says which instructions take what has failed.
 *
 * @param failures why, by the keys of sources
 * @throws DiagnosticError for the sources of the first platform that has some
 */
async function showFailures(
  failures: ReadonlyMap<string, string>,
  { options, text, platforms }: LockRequest,
  known: KnownPin,
): Promise<void> {
  await collectSources(options, text, platforms, (kind, name) => {
    const message = failures.get(keyOf({ kind, name }));
    if (message !== undefined) throw diagnosticError('unresolved-source', message);
    return known(kind, name);
  });
}
