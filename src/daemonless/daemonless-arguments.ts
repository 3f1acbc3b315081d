/** Checks the arguments that programs in plain JavaScript pass to compile and check. */
import { aPlatform } from '../image/platform.ts';
import {
  aBoolean,
  aFunction,
  anAbortSignal,
  aString,
  having,
  listOf,
  mapOf,
  objectWith,
  optional,
  recordOf,
} from '../text/arguments.ts';

/** A file tree. */
export const aFileTree = having("a file tree, as dirTree('.') gives", 'readFile', 'stat', 'readDir');

const daemonlessFields = {
  locals: mapOf(
    aFileTree,
    "a Map of file trees, as new Map([['context', dirTree('.')], ['dockerfile', dirTree('.')]])",
  ),
  opts: recordOf(aString, 'an object of frontend options'),
  images: listOf(having('an image resolver, as registryResolver() gives', 'resolve'), 'an array of image resolvers'),
  ociLayouts: optional(mapOf(having("an OCI layout, as openOciLayout('layout') gives", 'findTag', 'image'))),
  remote: optional(having('remote sources, as openRemoteSources() gives', 'files', 'metadata')),
  platform: optional(aPlatform),
  sessionId: optional(aString),
  signal: optional(anAbortSignal),
};

/** The options of functions that compile without a daemon. */
export const daemonlessOptions = objectWith(daemonlessFields);

const aLintConfig = objectWith(
  { rules: mapOf(aString, 'a Map of levels by the names of rules') },
  'a lint configuration',
);

/** The options of `checkDockerfile`. */
export const checkOptions = objectWith({ ...daemonlessFields, lint: optional(aLintConfig) });

/** The options of `openBuildContext`. */
export const contextOptions = objectWith({
  context: aString,
  file: optional(aString),
  opts: optional(recordOf(aString)),
  buildContexts: optional(mapOf(aString, 'a Map of contexts by their names')),
  ociLayouts: optional(mapOf(aString, 'a Map of directories by their names')),
  readStdin: aFunction,
  offline: optional(aBoolean),
  signal: optional(anAbortSignal),
});
