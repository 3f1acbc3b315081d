/** Checks the arguments that programs in plain JavaScript pass to compile and check. */
import { platformArgument } from '../image/platform.ts';
import { callback, fields, flag, having, listOf, mapOf, optional, recordOf, signal, text } from '../text/arguments.ts';

/** A file tree. */
export const treeArgument = having("a file tree, as dirTree('.') gives", 'readFile', 'stat', 'readDir');

const offlineFields = {
  locals: mapOf(
    treeArgument,
    "a Map of file trees, as new Map([['context', dirTree('.')], ['dockerfile', dirTree('.')]])",
  ),
  opts: recordOf(text, 'an object of frontend options'),
  images: listOf(having('an image resolver, as registryResolver() gives', 'resolve'), 'an array of image resolvers'),
  ociLayouts: optional(mapOf(having("an OCI layout, as openOciLayout('layout') gives", 'findTag', 'image'))),
  remote: optional(having('remote sources, as openRemoteSources() gives', 'files', 'metadata')),
  platform: optional(platformArgument),
  sessionId: optional(text),
  signal: optional(signal),
};

/** The options of functions that compile without a daemon. */
export const offlineOptions = fields(offlineFields);

const lintConfig = fields({ rules: mapOf(text, 'a Map of levels by the names of rules') }, 'a lint configuration');

/** The options of `checkDockerfile`. */
export const checkOptions = fields({ ...offlineFields, lint: optional(lintConfig) });

/** The options of `openBuildContext`. */
export const contextOptions = fields({
  context: text,
  file: optional(text),
  opts: optional(recordOf(text)),
  buildContexts: optional(mapOf(text, 'a Map of contexts by their names')),
  ociLayouts: optional(mapOf(text, 'a Map of directories by their names')),
  readStdin: callback,
  offline: optional(flag),
  signal: optional(signal),
});
