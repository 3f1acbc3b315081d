/**
 * Explains why a source of COPY, ADD or a mount is missing in the build context, from within the daemon.
 *
 * The daemon finds out only while it builds. A frontend that returns its result without building it has ended by then,
 * and one that waits for the build costs others something: a debugger finds all steps done, and targets of bake that
 * take this one as their context begin later. So the frontend waits in two cases only: an ignore rule excludes a path
 * that the build takes, so that it is about to fail, or the build asks for the explanation.
 */
import { describeError } from '../diagnostic/diagnostic.ts';
import { StatSchema } from '../gen/fsutil/types/stat_schemas.ts';
import { isPattern } from '../go/match.ts';
import { clean } from '../go/path.ts';
import { isTrue } from '../go/strconv.ts';
import { decodeText } from '../go/text.ts';
import { toLower } from '../go/unicode.ts';
import { local } from '../llb/index.ts';
import { copiedSources, explainMissingInStage } from '../parser/hints/copied-source.ts';
import { explainMissingSource } from '../parser/hints/explain-missing-source.ts';
import { createPatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { parseDockerfile } from '../parser/parse.ts';
import { decode } from '../protobuf/decode.ts';
import { errorMessage } from '../text/error-message.ts';
import type { Bridge, Reference } from './bridge.ts';
import { type BuildContext, type Entrypoint, mainContextName, singleRef } from './main-context.ts';
import { readMissingPath } from './missing-path.ts';
import type { FrontendOptions } from './options.ts';

/** The build argument by which a build asks that any missing source is explained. */
const explainBuildArg = 'TSFRONT_EXPLAIN';

/**
 * Checks a result that is not built yet. The paths are those that it takes from the main context, from its root.
 *
 * @throws RpcError if it has built the result, and that failed
 */
export type SourceCheck = (paths: ReadonlySet<string>, result: Reference) => Promise<void>;

/** Makes the check of a build; undefined if the daemon cannot build a result for a frontend. */
export function createSourceCheck(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  dockerfile: Pick<Entrypoint, 'data' | 'filename'>,
): SourceCheck | undefined {
  if (!bridge.options.frontendCapabilities.supports('gateway.evaluate')) return undefined;
  const isAsked = isTrue(options.opts[`build-arg:${explainBuildArg}`]);
  return async (paths, result) => {
    if (result.id === '') return;
    const wanted = [...paths].filter((path) => path !== '/');
    if (!isAsked) {
      const isDoomed = excludedBy(await context.ignorePatterns());
      if (!wanted.some((path) => isDoomed(fixedPart(path)))) return;
    }
    try {
      await bridge.evaluate(result);
    } catch (error) {
      bridge.signal?.throwIfAborted();
      const message = errorMessage(error);
      const missing = missingPath(message, wanted);
      const explaining =
        missing === undefined
          ? explainInStage(bridge, options, context, dockerfile, readMissingPath(message)?.path)
          : explain(bridge, options, context, missing);
      // The error of the build is what counts, whether it can be explained or not.
      const hint = await explaining.catch(() => undefined);
      throw hint === undefined ? error : describeError(error, 'build', { hint });
    }
  };
}

/** A path, or the directory before the first wildcard of a pattern: without it, the build fails. '' for the root. */
function fixedPart(path: string): string {
  const parts = path.split('/');
  const first = parts.findIndex(isPattern);
  return first < 0 ? path : parts.slice(0, first).join('/');
}

/** Whether the ignore file certainly excludes a path. An excluded directory is sent for an exception in it. */
function excludedBy(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const matcher = createPatternMatcher(patterns);
  const exceptions = matcher.patterns.filter(({ exclusion }) => exclusion).map(({ text }) => text);
  const mayBeIn = (path: string) =>
    exceptions.some((text) => text.startsWith(`${path}/`) || isPattern(text.split('/', 1)[0]!));
  return (path) => {
    if (path === '') return false;
    try {
      return matcher.matchesOrParentMatches(path.slice(1)) && !mayBeIn(path.slice(1));
    } catch {
      return false; // the daemon reports an invalid pattern
    }
  };
}

/** Which of the paths the daemon did not find; undefined for any other error. */
function missingPath(message: string, paths: readonly string[]): string | undefined {
  const missing = readMissingPath(message);
  if (!missing) return undefined;
  const { path: reported, directory } = missing;
  if (reported !== undefined) return paths.find((path) => path === reported);
  return (
    paths.find((path) => isPattern(path) && fixedPart(path) === directory) ??
    paths.find((path) => `${fixedPart(path)}/`.startsWith(`${directory}/`))
  );
}

async function explain(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  path: string,
): Promise<string | undefined> {
  const [ignoreFile, names] = await Promise.all([context.ignoreFile(), contextNames(bridge, options, path)]);
  return explainMissingSource(path, { ignoreFile, names });
}

/** Explains why a path is missing in a stage; undefined if no instruction takes this path from a stage. */
async function explainInStage(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  { data, filename }: Pick<Entrypoint, 'data' | 'filename'>,
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const dockerfile = parseDockerfile(decodeText(data), { filename });
  const source = copiedSources(dockerfile, [{ start: 1, end: Number.POSITIVE_INFINITY }]).find(
    ({ text, from }) => from !== '' && options.opts[`context:${from}`] === undefined && clean(`/${text}`) === path,
  );
  if (!source) return undefined;
  const [patterns, names = []] = await Promise.all([context.ignorePatterns(), contextNames(bridge, options, path)]);
  const matcher = createPatternMatcher(patterns);
  const sent = names.filter((name) => !matcher.matchesOrParentMatches(name));
  return explainMissingInStage(dockerfile, path, source, names.includes(path.slice(1)), sent);
}

/** Directories whose contents are not listed, unless the path leads through them. */
const unlisted = ['.git', 'node_modules'];
/** Maximum size of the list of names in bytes. */
const maxListBytes = 8 << 20;
/** The file in which the daemon lists files whose content was not sent. */
const listName = '.fsutil-metadata';

/**
 * The names in the context, also those that its ignore file excludes; undefined if the daemon cannot ask for names
 * alone.
 */
async function contextNames(bridge: Bridge, options: FrontendOptions, path: string): Promise<string[] | undefined> {
  if (!bridge.options.llbCapabilities.supports('source.local.metadatatransfer')) return undefined;
  const source = local(mainContextName, {
    sessionId: options.localSessionIds.get(mainContextName) ?? bridge.options.sessionId,
    excludePatterns: unlisted.filter((name) => !path.split('/').includes(name)).map((name) => `**/${name}/*`),
    sharedKeyHint: `${mainContextName}-names`,
    metadataOnly: [],
    customName: '[internal] list the build context',
  });
  const ref = singleRef(await bridge.solve({ definition: source.marshal() }));
  const names = readNames(await bridge.readFile(ref, listName, { offset: 0, length: maxListBytes }));
  // Names in the directories that the path leads through come first. Casing does not count.
  const way = toLower(clean(path).slice(1));
  const isNear = (name: string) => way.startsWith(toLower(name.slice(0, name.lastIndexOf('/') + 1)));
  return [...names.filter(isNear), ...names.filter((name) => !isNear(name))];
}

/** Messages with their size in four bytes before each; the last one may be cut. */
function readNames(list: Uint8Array): string[] {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const names: string[] = [];
  for (let at = 0; at + 4 <= list.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    if (end > list.length) break;
    names.push(decode(StatSchema, list.subarray(at + 4, end)).path);
    at = end;
  }
  return names;
}
