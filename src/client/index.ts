/**
 * The BuildKit client: connects to a daemon, runs builds on it and reports their progress.
 *
 * @example
 * import { connect, createDisplay, showProgress, solve } from 'tsfront/client';
 *
 * const connection = await connect();
 * const build = solve(connection, {
 *   frontend: 'dockerfile.v0',
 *   localDirs: { context: '.' },
 *   exports: [{ type: 'image', attrs: { name: 'example/app:1' } }],
 * });
 * await showProgress(build.status, await createDisplay('plain', process.stdout));
 * console.log((await build.result).exporterResponse['containerimage.digest']);
 * connection.close();
 *
 * @module
 */

export {
  type CredentialSource,
  type Credentials,
  dockerCredentials,
  noCredentials,
} from '../registry/docker-config.ts';
export { CredentialsWithheld, TokenRefused } from '../registry/token.ts';
export { Code, RpcError, rpcError, type StatusDetail } from '../rpc/rpc-error.ts';
export { SubprocessError } from '../system/subprocess.ts';
export type { CacheEntry } from './cache.ts';
export { type CompiledResult, compiledFrontend } from './compiled-frontend.ts';
export type { Address, Protocol } from './connect/address.ts';
export { defaultAddress, parseAddress } from './connect/address.ts';
export type { TlsOptions } from './connect/tls-files.ts';
export { connect } from './connect.ts';
export type { Connection, ConnectOptions } from './connection.ts';
export type { Container, ContainerMount, ContainerOptions, ContainerProcess, ExecOptions } from './container.ts';
export * from './daemon.ts';
export {
  type DockerEngineOptions,
  type DockerLoader,
  type DockerPushOptions,
  dockerLoader,
  dockerPush,
} from './docker-engine.ts';
export type { Attributes, Destination, Export } from './exporter-table.ts';
export { type ImageBuild, type ImageSettings, imageFrontend, imageResolver } from './image-frontend.ts';
export { type IndexEntry, type JoinOptions, joinImages } from './image-index.ts';
export { dockerfileFrontend, type InProcessBridge, type InProcessFrontend } from './in-process-frontend.ts';
export { type BuildNode, type NodesOptions, solveOnNodes } from './multi-node.ts';
export { createDisplay, type ProgressMode } from './progress/create-display.ts';
export { type Display, type DisplayStream, showProgress } from './progress/display.ts';
export {
  errorSources,
  formatSource,
  formatWarnings,
  type SourceExcerpt,
  type WarningsFormat,
} from './progress/source-excerpt.ts';
export type { AuthOptions } from './session/auth.ts';
export type { ChooseExports } from './session/chosen-exports.ts';
export type { SecretSource } from './session/secrets.ts';
export type { ServiceOptions } from './session/services.ts';
export { type Attachable, openSession, type Session } from './session/session.ts';
export type { SourceCheckRequest, SourceDecision, SourcePolicyCheck } from './session/source-policy.ts';
export type { SshSource } from './session/ssh.ts';
export { type Uploads, uploads } from './session/upload.ts';
export { type Build, type SolveResult, solve } from './solve.ts';
export { SolveError } from './solve-error.ts';
export type { MemoryFiles, SolveOptions } from './solve-options.ts';
export * from './status.ts';
