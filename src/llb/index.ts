/**
 * The LLB library: build graphs from TypeScript and marshal them to what BuildKit solves.
 *
 * @example
 * import { copy, image, local } from 'tsfront/llb';
 *
 * const built = image('node:24-alpine')
 *   .dir('/app')
 *   .file(copy(local('src'), '/', '.', { copyDirContentsOnly: true }))
 *   .run({ shlex: 'npm ci', mounts: [{ type: 'cache', target: '/root/.npm', id: 'npm' }] }).root;
 * const definition = image('node:24-alpine').file(copy(built, '/app', '/app')).marshal();
 * process.stdout.write(definition.encode()); // what `buildctl build` reads
 *
 * Digests are those of BuildKit's Go client for the same graph, so both share one cache. States are values: nothing
 * is read, asked for or run before the definition is solved. A definition makes files, not an image config: entry
 * point, environment and labels of an image come from the frontend that solves it, and `imageFrontend` of
 * `tsfront/client` takes them from the base image and the state. Likewise `image` knows nothing of the config of what it names: a run on it has BuildKit's default PATH and what the state
 * says; `resolveImage` asks for the config and brings its environment and working directory along, `resolveImages` for
 * several at once.
 *
 * @module
 */

export { formatPlatform, type Platform, parsePlatform } from '../image/platform.ts';
export { Definition, type DefinitionEntry } from './definition.ts';
export { formatDot } from './dot.ts';
export { EnvList } from './env-list.ts';
export { type BoundFileAction, type CopySource, copy, FileAction, mkdir, mkfile, rm, symlink } from './file.ts';
export { deferred, diff, merge, passthrough } from './join.ts';
export { formatJson } from './json.ts';
export { loadDefinition } from './load.ts';
export type * from './options.ts';
export { parseJson } from './parse-json.ts';
export { type ResolvedImageOptions, type ResolveImage, resolveImage, resolveImages } from './resolve.ts';
export { splitWords } from './shlex.ts';
export { git, http, image, imageBlob, local, ociLayout, ociLayoutBlob, scratch, source } from './source.ts';
export { location } from './source-map.ts';
export { ExecState, State } from './state.ts';
export type { BaseImage } from './state-values.ts';
export { formatTree } from './tree.ts';
