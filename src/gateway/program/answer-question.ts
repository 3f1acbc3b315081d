/** Answers what a program asks about files, images and stages. */
import type { Question } from '../../build-program/protocol.ts';
import { toBase64 } from '../../go/base64.ts';
import { isDirectory } from '../../go/file-mode.ts';
import { marshalJson } from '../../go/json-encode.ts';
import { base, clean, dirname } from '../../go/path.ts';
import { decodeText } from '../../go/text.ts';
import { compareBytes } from '../../go/unicode.ts';
import { imageConfigToJson } from '../../image/config.ts';
import type { Platform } from '../../image/platform.ts';
import type { State } from '../../llb/state.ts';
import { createPatternMatcher } from '../../parser/ignore/pattern-matcher.ts';
import { compileGlob, expandBraces, fixedDir } from '../../program/glob.ts';
import type { Bridge, Reference } from '../bridge.ts';
import { singleRef, tryReadFile } from '../main-context.ts';
import { findNamedContext } from '../named-context.ts';
import type { ProgramBuild } from './program-build.ts';

/** @throws Error in words for the author of the program */
export async function answerQuestion(
  build: ProgramBuild,
  question: Question,
  { platform }: { readonly platform: Platform | undefined },
): Promise<unknown> {
  switch (question.ask) {
    case 'read': {
      const path = clean(`/${question.path}`).slice(1);
      const { state, isIgnored } = await openForQuestion(build, question.context, platform, { followPaths: [path] });
      if (isIgnored(path)) return null;
      const data = await tryReadFile(build.bridge, await refOf(build.bridge, state), path);
      return data === undefined ? null : decodeText(data).toWellFormed();
    }
    case 'glob': {
      const { patterns } = question;
      const matchers = patterns.map(compileGlob);
      const { state, isIgnored } = await openForQuestion(build, question.context, platform, {
        includePatterns: patterns.flatMap(expandBraces).map(asIncludePattern),
      });
      const ref = await refOf(build.bridge, state);
      const dirs = [...new Set(patterns.map(fixedDir))];
      const found = new Set<string>();
      for (const dir of dirs)
        for await (const path of walk(build.bridge, ref, dir))
          if (matchers.some((matches) => matches(path)) && !isIgnored(path)) found.add(path);
      return [...found].sort(compareBytes);
    }
    case 'config': {
      const { image } = await build.lowerGraph(question.graph, { platform });
      return JSON.parse(marshalJson(imageConfigToJson(image)));
    }
    case 'definition': {
      const { state } = await build.lowerGraph(question.graph, { platform });
      return toBase64(state.marshal().encode());
    }
  }
}

/** A pattern for the client, which sends what matches it. The client knows `[^a]`, but not `[!a]`. */
const asIncludePattern = (pattern: string) => pattern.replaceAll('[!', '[^');

interface Wanted {
  readonly followPaths?: readonly string[];
  readonly includePatterns?: readonly string[];
}

/**
 * A context, and which of its paths its ignore file excludes. Without a daemon, nothing else applies that file.
 */
async function openForQuestion(
  { bridge, options, context }: ProgramBuild,
  name: string,
  platform: Platform | undefined,
  wanted: Wanted,
): Promise<{ readonly state: State; isIgnored(path: string): boolean }> {
  if (name === '') {
    const { followPaths, includePatterns } = wanted;
    const state = includePatterns ? await context.matching(includePatterns) : await context.main(followPaths);
    return { state, isIgnored: matching(await context.ignorePatterns()) };
  }
  const found = findNamedContext(bridge, options, name, {
    platform,
    resolveMode: options.imageResolveMode,
    followPaths: () => wanted.followPaths,
    includePatterns: wanted.includePatterns,
  });
  if (!found) throw new Error(`the build has no context ${JSON.stringify(name)}`); // the library adds the hint
  const { state, ignorePatterns = [] } = await found.load();
  return { state, isIgnored: matching(ignorePatterns) };
}

function matching(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const matcher = createPatternMatcher(patterns);
  return (path) => matcher.matchesOrParentMatches(path);
}

const refOf = async (bridge: Bridge, state: State): Promise<Reference> =>
  singleRef(await bridge.solve({ definition: state.marshal() }));

/** Maximum number of files that a program may look through in one question. */
const maxFiles = 100_000;

/** All files and directories below a directory, in the order of the daemon. */
async function* walk(bridge: Bridge, ref: Reference, start: string): AsyncGenerator<string> {
  const waiting = [start];
  let count = 0;
  if (start !== '') {
    const mode = await modeOf(bridge, ref, start);
    if (mode === undefined) return;
    yield start;
    if (!isDirectory(mode)) return;
  }
  for (let dir = waiting.pop(); dir !== undefined; dir = waiting.pop()) {
    for (const { path, mode } of await bridge.readDir(ref, dir === '' ? '.' : dir)) {
      const inside = dir === '' ? path : `${dir}/${path}`;
      if (++count > maxFiles)
        throw new Error(`the patterns look through more than ${maxFiles} files: use narrower ones`);
      yield inside;
      if (isDirectory(mode)) waiting.push(inside);
    }
  }
}

/** The mode of a file that no link leads to; a link has its own. Undefined if it is not there. */
async function modeOf(bridge: Bridge, ref: Reference, path: string): Promise<number | undefined> {
  const stat = (part: string) => bridge.statFile(ref, part).catch(() => undefined);
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    if (!isDirectory((await stat(path.slice(0, at)))?.mode ?? 0)) return undefined;
  const found = await stat(path);
  if (found) return found.mode;
  // A daemon follows a link, and what it leads to may be missing.
  const beside = await bridge.readDir(ref, dirname(path)).catch(() => []);
  return beside.find((entry) => entry.path === base(path))?.mode;
}
