/** Answers what a program asks about files, images and stages. */
import type { Question } from '../../build-program/protocol.ts';
import { toBase64 } from '../../go/base64.ts';
import { marshalJson } from '../../go/json-encode.ts';
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
      const path = question.path.replace(/^(?:\.?\/)+/, '');
      const isIgnored = await ignoreTest(build, question.context);
      if (isIgnored(path)) return null;
      const ref = await solveContext(build, question.context, platform, { followPaths: [path] });
      const data = await tryReadFile(build.bridge, ref, path);
      return data === undefined ? null : decodeText(data).toWellFormed();
    }
    case 'glob': {
      const { patterns } = question;
      const matchers = patterns.map(compileGlob);
      const ref = await solveContext(build, question.context, platform, {
        includePatterns: patterns.flatMap(expandBraces).map(asIncludePattern),
      });
      const isIgnored = await ignoreTest(build, question.context);
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

/** The test whether `.dockerignore` excludes a path of the main context. Where there is no daemon, nothing else applies it. */
async function ignoreTest({ context }: ProgramBuild, name: string): Promise<(path: string) => boolean> {
  const patterns = name === '' ? await context.ignorePatterns() : [];
  if (patterns.length === 0) return () => false;
  const matcher = createPatternMatcher(patterns);
  return (path) => matcher.matchesOrParentMatches(path);
}

/** A pattern for the client, which sends what it matches. It knows `[^a]` only. */
const asIncludePattern = (pattern: string) => pattern.replaceAll('[!', '[^');

interface Wanted {
  readonly followPaths?: readonly string[];
  readonly includePatterns?: readonly string[];
}

async function solveContext(
  build: ProgramBuild,
  name: string,
  platform: Platform | undefined,
  wanted: Wanted,
): Promise<Reference> {
  const { bridge, options, context } = build;
  let state: State;
  if (name === '')
    state = wanted.includePatterns
      ? await context.matching(wanted.includePatterns)
      : await context.main(wanted.followPaths);
  else {
    const found = findNamedContext(bridge, options, name, {
      platform,
      resolveMode: options.imageResolveMode,
      followPaths: () => wanted.followPaths,
    });
    if (!found)
      throw new Error(`the build has no context ${JSON.stringify(name)}: give it with --build-context ${name}=…`);
    state = (await found.load()).state;
  }
  return singleRef(await bridge.solve({ definition: state.marshal() }));
}

/** Maximum number of files that a program may look through in one question. */
const maxFiles = 100_000;

/** All files and directories below a directory, in the order of the daemon. */
async function* walk(bridge: Bridge, ref: Reference, start: string): AsyncGenerator<string> {
  const waiting = [start];
  let count = 0;
  if (start !== '') {
    const stat = await bridge.statFile(ref, start).catch(() => undefined);
    if (!stat) return;
    yield start;
    if (!isDirectory(stat.mode)) return;
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

/** Bit 31 of Go's FileMode. */
const isDirectory = (mode: number) => (mode & 0x8000_0000) !== 0;
