/**
 * tsfront as a library: compile and check Dockerfiles in your own process, without a daemon.
 *
 * @example
 * import { compile, dirTree, registryResolver } from 'tsfront';
 *
 * const context = dirTree('.');
 * const { definitions } = await compile({
 *   opts: { target: 'release', 'build-arg:VERSION': '1.2' },
 *   locals: new Map([['context', context], ['dockerfile', context]]),
 *   images: [registryResolver()],
 * });
 * for (const [platform, definition] of definitions) console.log(platform, definition.head());
 *
 * `tsfront/parser` has the parser, `tsfront/llb` the library that makes graphs, `tsfront/client` builds on a daemon.
 * What the commands `context`, `explain` and `lock` stand on is in `tsfront/context`, `tsfront/explain` and
 * `tsfront/lock`.
 *
 * @module
 */

export { type ContextOptions, type OpenedContext, openBuildContext } from './daemonless/build-context.ts';
export { type Checked, type CheckOptions, checkDockerfile } from './daemonless/check.ts';
export { type Compiled, CompileError, compile, type Frontend } from './daemonless/compile.ts';
export { type CompiledImage, formatCompiled, parseCompiled } from './daemonless/compiled-file.ts';
export {
  createDaemonlessBridge,
  type DaemonlessBridge,
  type DaemonlessOptions,
  UnknownImage,
} from './daemonless/daemonless-bridge.ts';
export { dirTree, type FileTree, memoryTree, subTree } from './daemonless/file-tree.ts';
export { type FixedDockerfile, fixDockerfile } from './daemonless/fix-dockerfile.ts';
export { LintConfigError } from './daemonless/lint-config-error.ts';
export { findLintConfig, type LintSettings, readLintConfig } from './daemonless/lint-config-file.ts';
export { openRemoteSources } from './daemonless/open-remote-sources.ts';
export { RemoteSource, type RemoteSources } from './daemonless/source-files.ts';
export type { DiagnosticCode, LintRuleName, WarningCode } from './diagnostic/codes.ts';
export {
  type Diagnostic,
  DiagnosticError,
  type Edit,
  type Fix,
  findDiagnosticError,
  type Severity,
} from './diagnostic/diagnostic.ts';
export type * from './gateway/bridge.ts';
export type { OtherFrontends } from './gateway/forward.ts';
export { type FrontendResult, type RunFrontendOptions, runFrontend } from './gateway/run-frontend.ts';
export type { Linted } from './gateway/subrequests/lint.ts';
export { defaultPlatform, formatPlatform, type Platform, parsePlatform } from './image/platform.ts';
export { type ImageReference, parseNormalizedNamed } from './image/reference.ts';
export { addFixes } from './lint/add-fixes.ts';
export { applyFixes, type FixedText } from './lint/apply-fixes.ts';
export type { LintConfig } from './lint/config.ts';
export { lintDockerfile } from './lint/lint.ts';
export type { Level, RuleOptions } from './lint/rule.ts';
export { Definition } from './llb/definition.ts';
export { formatJson } from './llb/format-json.ts';
export { formatTree } from './llb/tree.ts';
export type { ResolvedImage } from './lower/environment.ts';
export { type OciLayout, openOciLayout } from './oci/layout.ts';
export type { FoundImage } from './oci/manifest.ts';
export { type CredentialSource, type Credentials, dockerCredentials } from './registry/docker-config.ts';
export { CredentialsWithheld, TokenRefused } from './registry/token.ts';
export { type BlobCache, createBlobCache } from './resolve/blob-cache.ts';
export { cachedImages } from './resolve/cached-images.ts';
export { parseImageTable } from './resolve/image-table.ts';
export { ociLayoutResolver } from './resolve/oci-layout-resolver.ts';
export { type RegistryOptions, registryResolver } from './resolve/registry-resolver.ts';
export type { ImageResolver } from './resolve/resolver.ts';
export { defaultCacheDir } from './system/cache-dir.ts';
export { LeadsOutside } from './system/open-inside.ts';
export { NotRegular, TooLarge } from './system/read-inside.ts';
export { SubprocessError } from './system/subprocess.ts';
export { UsageError } from './text/usage-error.ts';
