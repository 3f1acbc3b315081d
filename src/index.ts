/**
 * tsfront as a library: compile and check Dockerfiles in your own process, without a daemon.
 *
 * @example
 * import { compile, folderTree, registryResolver } from 'tsfront';
 *
 * const context = folderTree('.');
 * const { definitions } = await compile({
 *   opts: { target: 'release', 'build-arg:VERSION': '1.2' },
 *   locals: new Map([['context', context], ['dockerfile', context]]),
 *   images: [registryResolver()],
 * });
 * for (const [platform, definition] of definitions) console.log(platform, definition.head());
 *
 * `tsfront/parser` has the parser, `tsfront/llb` the library that makes graphs, `tsfront/client` builds on a daemon.
 *
 * @module
 */
export type * from './gateway/bridge.ts';
export type { OtherFrontends } from './gateway/forward.ts';
export { type FrontendChoice, runFrontend } from './gateway/frontend.ts';
export { type BlobCache, createBlobCache, defaultCacheFolder } from './image/blob-cache.ts';
export { type CredentialSource, type Credentials, dockerCredentials } from './image/docker-config.ts';
export { type OciLayout, ociLayoutResolver, openOciLayout } from './image/oci-layout.ts';
export { defaultPlatform, formatPlatform, type Platform, parsePlatform } from './image/platform.ts';
export { type ImageReference, parseNormalizedNamed } from './image/reference.ts';
export { type RegistryOptions, registryResolver } from './image/registry.ts';
export { CredentialsWithheld, TokenRefused } from './image/registry-token.ts';
export type { FoundImage, ImageResolver } from './image/resolver.ts';
export { parseImageTable } from './image/table.ts';
export { Definition } from './llb/definition.ts';
export { formatJson } from './llb/json.ts';
export { formatTree } from './llb/tree.ts';
export { type ContextOptions, type OpenedContext, openBuildContext } from './offline/build-context.ts';
export { type Checked, checkDockerfile } from './offline/check.ts';
export { type Compiled, CompileError, compile, type Frontend } from './offline/compile.ts';
export { type CompiledImage, formatCompiled, parseCompiled } from './offline/compiled-file.ts';
export { type FileTree, folderTree, memoryTree, subTree } from './offline/file-tree.ts';
export {
  createOfflineBridge,
  type OfflineBridge,
  type OfflineOptions,
  RemoteSource,
  type RemoteSources,
  UnknownImage,
} from './offline/offline-bridge.ts';
export { openRemoteSources } from './offline/remote-sources.ts';
export { UsageError } from './offline/usage-error.ts';
export { type Diagnostic, LocatedError, locatedError, type Problem } from './parser/diagnostic.ts';
export { LeadsOutside } from './system/open-inside.ts';
export { ProgramError } from './system/program.ts';
export { NotRegular, TooLarge } from './system/read-inside.ts';
