/**
 * Builds written in TypeScript: a program whose exports are the targets of a build. What Dockerfiles say with
 * instructions it says with methods of stages, and the result is the same to the byte.
 *
 * The functions of this module make stages. They work in a program that `docker build -f build.ts .` or
 * `tsfront build -f build.ts .` runs.
 *
 * @example
 * // syntax=ghcr.io/org/tsfront
 * import { image, scratch } from 'tsfront/build';
 *
 * export default function app() {
 *   const built = image('golang:1.25').workdir('/src').copy('.', '.').run('go build -o /app .');
 *   return scratch().copy(built, '/app', '/app').entrypoint(['/app']);
 * }
 *
 * @module
 */
export {
  type DockerfileOptions,
  diff,
  dockerfile,
  type FromOptions,
  fromState,
  image,
  merge,
  scratch,
} from './bases.ts';
export { Context, context } from './context.ts';
export {
  type BindMount,
  type CacheMount,
  type MountOwner,
  mount,
  RunMount,
  type SecretMount,
  type SshMount,
} from './mount.ts';
export {
  arg,
  type BooleanArg,
  type BuildPlatform,
  type NumberArg,
  type OptionalArg,
  platform,
  type StringArg,
} from './settings.ts';
export { Source } from './source.ts';
export {
  type Command,
  file,
  type ImageConfig,
  InlineFile,
  Stage,
  type StageAddOptions,
  type StageCopyOptions,
  type StageFileOptions,
  type StageHealthcheckOptions,
  type StageRunOptions,
} from './stage.ts';
export { Expansion, expand, type Text } from './text.ts';

import { startListening } from './run.ts';

declare global {
  /**
   * Declared as Node and browsers declare it, so that this adds nothing where their types are, and is there where they
   * are not.
   */
  interface Console {
    /** Shows values as a warning of the build, with the line that calls it. */
    log(...values: unknown[]): void;
    /** As {@link log}. */
    info(...values: unknown[]): void;
    /** As {@link log}. */
    warn(...values: unknown[]): void;
    /** As {@link log}. */
    error(...values: unknown[]): void;
    /** As {@link log}. */
    debug(...values: unknown[]): void;
  }
  // A `const` could not be declared twice.
  var console: Console;
}

startListening();
