/** Compiles a Dockerfile with the frontend that also runs inside BuildKit, so that the ops are the same to the byte. */
import type { Bridge, Result, Warning } from '../gateway/bridge.ts';
import { runFrontend } from '../gateway/frontend.ts';
import type { Definition } from '../llb/definition.ts';
import { createOfflineBridge, type OfflineOptions } from './offline-bridge.ts';

export interface Compiled {
  /** One definition, or one for each platform if several were asked for, by `os/architecture[/variant]`. */
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly multiPlatform: boolean;
  /** The image config (`containerimage.config`) and whatever else an exporter gets to see. */
  readonly metadata: Result['metadata'];
  /** Whether an SBOM was asked for; definitions do not have it. */
  readonly attestations: boolean;
  readonly warnings: readonly Warning[];
}

/** Reads a Dockerfile and says what to build. */
export type Frontend = (bridge: Bridge) => Promise<Result>;

/** The frontend of a compilation: it reads files for other frontends too, since it cannot run those. */
export const readHere: Frontend = (bridge) => runFrontend(bridge, { others: 'cannot' });

/**
 * Compiles. Equal options, files and images give equal definitions.
 *
 * @param frontend what reads the Dockerfile
 * @throws Error with the reference frontend's message; a `LocatedError` among its causes knows the place
 */
export async function compile(options: OfflineOptions, frontend: Frontend = readHere): Promise<Compiled> {
  const bridge = createOfflineBridge(options);
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
    };
  } catch (error) {
    throw new CompileError(error, bridge.warnings);
  }
}

/** An error of a compilation, with the warnings that came before it. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly warnings: readonly Warning[];
  constructor(cause: unknown, warnings: readonly Warning[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.warnings = warnings;
  }
}
