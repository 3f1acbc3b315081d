/** Compiles a Dockerfile with the frontend that also runs inside BuildKit, so that the ops are the same to the byte. */
import type { Result, Warning } from '../gateway/bridge.ts';
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

/**
 * Compiles. Equal options, files and images give equal definitions.
 *
 * @throws Error with the reference frontend's message; a `LocatedError` among its causes knows the place
 */
export async function compile(options: OfflineOptions): Promise<Compiled> {
  const bridge = createOfflineBridge(options);
  try {
    const result = await runFrontend(bridge, { others: 'cannot' });
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
