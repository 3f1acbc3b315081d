/**
 * The LLB library makes build graphs and marshals them to definitions, which BuildKit solves.
 *
 * @example
 * import { copy, image, local } from 'tsfront/llb';
 *
 * const built = image('node:24-alpine')
 *   .dir('/app')
 *   .file(copy(local('src'), '/', '.', { copyDirContentsOnly: true }))
 *   .run({ shlex: 'npm ci', mounts: [{ type: 'cache', target: '/root/.npm', id: 'npm' }] }).root;
 * const definition = image('node:24-alpine').file(copy(built, '/app', '/app')).marshal();
 * process.stdout.write(definition.encode()); // `buildctl build` reads this
 *
 * The digests of ops equal those of BuildKit's Go client for the same graph, so both use the same cache. A state never
 * changes, and making it reads nothing and runs nothing: the daemon does that when it solves the definition.
 *
 * The result of a definition is files, without an image config. The frontend that solves it adds the entry point,
 * environment and labels of an image; `imageFrontend` of `tsfront/client` takes them from the base image and the state.
 * `image` does not read the config of the image either, so a run has the default PATH of BuildKit and the environment
 * of the state. `resolveImage` and `resolveImages` read configs and add their environment and working directory.
 *
 * @module
 */

export { formatPlatform, type Platform, parsePlatform } from '../image/platform.ts';
export type { BaseImage, ResolveMode } from './base-image.ts';
export type { BuildOptions } from './build.ts';
export type {
  Capabilities,
  Constraints,
  LinuxResources,
  MarshalOptions,
  ProgressGroup,
  Range,
  SourceLocation,
  SourceMap,
} from './constraints.ts';
export { deferred } from './deferred.ts';
export { Definition, type DefinitionEntry } from './definition.ts';
export { diff } from './diff.ts';
export { formatDot } from './dot.ts';
export { EnvList } from './env-list.ts';
export type {
  CdiDevice,
  ExtraHost,
  NetworkMode,
  ProxyEnv,
  RunOptions,
  RunSettings,
  SecurityMode,
  Ulimit,
} from './exec.ts';
export {
  type BoundFileAction,
  type CopyOptions,
  type CopySource,
  type CreatedTime,
  copy,
  FileAction,
  type MkdirOptions,
  type MkfileOptions,
  mkdir,
  mkfile,
  type Owner,
  type RmOptions,
  rm,
  type SymlinkOptions,
  symlink,
} from './file-action.ts';
export { formatJson } from './format-json.ts';
export { loadDefinition } from './load.ts';
export { merge } from './merge.ts';
export type { CacheSharing, ContentCache, Mount, Secret, SecretSettings, Ssh } from './mount.ts';
export { parseJson } from './parse-json.ts';
export { passthrough } from './passthrough.ts';
export { type ResolvedImageOptions, type ResolveImage, resolveImage, resolveImages } from './resolve.ts';
export { splitWords } from './shlex.ts';
export { type ImageBlobOptions, imageBlob, type OciLayoutBlobOptions, ociLayoutBlob } from './source/blob.ts';
export { type GitBundle, type GitOptions, git } from './source/git.ts';
export { type HttpOptions, http } from './source/http.ts';
export { type ImageOptions, image } from './source/image.ts';
export { type LocalOptions, local } from './source/local.ts';
export { type OciLayoutOptions, ociLayout } from './source/oci-layout.ts';
export { type FileInfo, source } from './source/source.ts';
export { location } from './source-map.ts';
export { ExecState, State, scratch } from './state.ts';
export { formatTree } from './tree.ts';
export type { Filesystem } from './vertex.ts';
