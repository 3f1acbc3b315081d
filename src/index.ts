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
 *
 * @module
 */

export type { Amount } from './context/amounts.ts';
export type { Fate } from './context/context-tree.ts';
export {
  type ContextReport,
  type ContextTake,
  type InspectedContext,
  type InspectOptions,
  inspectContext,
  type PathAnswer,
  type RuleUse,
  type TakenSource,
} from './context/inspect-context.ts';
export { formatIgnoreProposal, type IgnoreProposal, type ProposedPattern } from './context/propose-ignore.ts';
export type { SizeNode } from './context/size-tree.ts';
export type { DiagnosticCode, LintRuleName, WarningCode } from './diagnostic/codes.ts';
export {
  type Diagnostic,
  DiagnosticError,
  type Edit,
  type Fix,
  findDiagnosticError,
  type Severity,
} from './diagnostic/diagnostic.ts';
export {
  type BuildRecord,
  type BuildStep,
  formatRecord,
  parseRecord,
  type RecordedBuild,
  type RecordedContext,
  type RecordedFile,
  type RecordedIgnoreFile,
  type RecordedTake,
  recordBuild,
  type StepInput,
} from './explain/build-record.ts';
export type { Cause } from './explain/cause.ts';
export { compareBuilds, type ExplainedStep, type Explanation } from './explain/compare-builds.ts';
export type * from './gateway/bridge.ts';
export type { OtherFrontends } from './gateway/forward.ts';
export { type FrontendChoice, runFrontend } from './gateway/run-frontend.ts';
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
export { formatLock, type Lock, type LockedSource, readLock } from './lock/lock-file.ts';
export { type PinsOptions, pinsOf } from './lock/pins-of-lock.ts';
export type { SourceKind } from './lock/source-name.ts';
export type { SourcePins } from './lock/source-pins.ts';
export type { ResolvedImage } from './lower/environment.ts';
export { type OciLayout, openOciLayout } from './oci/layout.ts';
export type { FoundImage } from './oci/manifest.ts';
export { type ContextOptions, type OpenedContext, openBuildContext } from './offline/build-context.ts';
export { type Checked, type CheckOptions, checkDockerfile } from './offline/check.ts';
export { type Compiled, CompileError, compile, type Frontend } from './offline/compile.ts';
export { type CompiledImage, formatCompiled, parseCompiled } from './offline/compiled-file.ts';
export { dirTree, type FileTree, memoryTree, subTree } from './offline/file-tree.ts';
export { type FixedDockerfile, fixDockerfile } from './offline/fix-dockerfile.ts';
export { LintConfigError } from './offline/lint-config-error.ts';
export { findLintConfig, type LintSettings, readLintConfig } from './offline/lint-config-file.ts';
export type { Pin } from './offline/lock/resolve-source.ts';
export { type LockPolicy, lockPolicy } from './offline/lock/source-policy.ts';
export {
  type ChangedSource,
  type LockRequest,
  type SourceChange,
  type UpdatedLock,
  updateLock,
} from './offline/lock/update-lock.ts';
export {
  createOfflineBridge,
  type OfflineBridge,
  type OfflineOptions,
  UnknownImage,
} from './offline/offline-bridge.ts';
export { openRemoteSources } from './offline/open-remote-sources.ts';
export { RemoteSource, type RemoteSources } from './offline/source-files.ts';
export { UsageError } from './offline/usage-error.ts';
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
