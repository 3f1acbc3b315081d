/** Compiles a Dockerfile with the frontend that also runs inside BuildKit, so that the ops are the same to the byte. */
import type { DiagnosticCode } from '../diagnostic/codes.ts';
import { findDiagnosticError } from '../diagnostic/diagnostic.ts';
import type { Bridge, Result, Warning } from '../gateway/bridge.ts';
import { sourceLocationOf } from '../gateway/error-status.ts';
import { buildArgsOf } from '../gateway/options.ts';
import { type FrontendResult, runFrontend } from '../gateway/run-frontend.ts';
import type { Definition } from '../llb/definition.ts';
import { aFunction, checkArgument } from '../text/arguments.ts';
import { errorMessage } from '../text/error-message.ts';
import { callerOf, hideFields, ShortError, showCaller } from '../text/short-error.ts';
import { daemonlessOptions } from './daemonless-arguments.ts';
import { createDaemonlessBridge, type DaemonlessOptions } from './daemonless-bridge.ts';

/** The result of a compilation. */
export interface Compiled {
  /** One definition, or one for each platform if several were asked for, by `os/architecture[/variant]`. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Whether the result has a definition for each platform, even if it is only one. */
  readonly multiPlatform: boolean;
  /** The image config (`containerimage.config`) and the other metadata that exporters get. */
  readonly metadata: Result['metadata'];
  /** Whether an SBOM was asked for; it is not part of the definitions. */
  readonly attestations: boolean;
  /** What the lint rules found. */
  readonly warnings: readonly Warning[];
  /** The images whose config a resolver made up ({@link FoundImage.unknown}), by name and tag. */
  readonly unknownImages: ReadonlySet<string>;
  /** The build arguments by name: texts for people hide the values of those with the names of secrets. */
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Runs a frontend, which reads a Dockerfile and solves its graph through the bridge. */
export type Frontend = (bridge: Bridge) => Promise<FrontendResult>;

/** The frontend of a compilation: it reads files for other frontends too, since it cannot run those. */
export const ownFrontend: Frontend = (bridge) => runFrontend(bridge, { otherFrontends: 'cannot' });

/**
 * Compiles. Equal options, files and images give equal definitions.
 *
 * @param frontend runs the Dockerfile frontend; by default the one of this package
 * @throws Error with the reference frontend's message; a `DiagnosticError` among its causes has the place
 */
export async function compile(options: DaemonlessOptions, frontend: Frontend = ownFrontend): Promise<Compiled> {
  checkArgument('compile', 'options', options, daemonlessOptions);
  checkArgument('compile', 'frontend', frontend, aFunction);
  const caller = callerOf(compile);
  const bridge = createDaemonlessBridge(options);
  try {
    const result = await frontend(bridge);
    const { refs } = result;
    const definitions = refs
      ? new Map([...refs].map(([platform, ref]) => [platform, bridge.definition(ref)] as const))
      : new Map([['', bridge.definition(result.ref)]]);
    return {
      definitions,
      multiPlatform: refs !== undefined,
      metadata: result.metadata,
      attestations: result.attestations !== undefined,
      warnings: bridge.warnings,
      unknownImages: bridge.unknownImages,
      buildArgs: Object.fromEntries(buildArgsOf(options.opts)),
    };
  } catch (error) {
    throw showCaller(new CompileError(error, bridge.warnings), caller);
  }
}

/** An error of a compilation, with the warnings that came before it. */
export class CompileError extends ShortError {
  override readonly name = 'CompileError';
  /** Code of its first diagnostic (docs/errors.md); undefined if the Dockerfile is not the cause. */
  readonly code: DiagnosticCode | undefined;
  /** The location, such as `Dockerfile:2`; undefined if the error has none. */
  readonly place: string | undefined;
  /** What the lint rules found before it. */
  readonly warnings: readonly Warning[];
  constructor(cause: unknown, warnings: readonly Warning[]) {
    super(errorMessage(cause), { cause });
    this.code = findDiagnosticError(cause)?.code;
    this.place = sourceLocationOf(cause);
    this.warnings = warnings;
    hideFields(this, 'warnings');
    for (const name of ['code', 'place'] as const) if (this[name] === undefined) hideFields(this, name);
  }
}
