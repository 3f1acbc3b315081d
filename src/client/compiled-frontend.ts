/** An in-process frontend for what was compiled before: it returns the graphs together with their image configs. */
import type { Reference, Result } from '../gateway/bridge.ts';
import type { Definition } from '../llb/definition.ts';
import { anything, checkArgument, mapOf, objectWith } from '../text/arguments.ts';
import { createId } from './create-id.ts';
import type { InProcessBridge, InProcessFrontend } from './in-process-frontend.ts';
import { unbindSessions } from './unbind-sessions.ts';

const aCompiledBuild = objectWith({ definitions: mapOf(anything), metadata: mapOf(anything) }, 'what compile() gives');

/** The result of `compile`. */
export interface CompiledResult {
  /** By platform; the only one may have any name. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Whether the result has a definition for each platform, even if it is only one. */
  readonly multiPlatform: boolean;
  /** For exporters, by key. */
  readonly metadata: Result['metadata'];
}

/**
 * Builds a compilation: the image is the one that the frontend would have built.
 *
 * @example
 * const compiled = await compile(options); // of `tsfront`
 * const build = solve(connection, {
 *   frontend: compiledFrontend(compiled),
 *   localDirs: { context: '.' },
 *   exports: [{ type: 'image', attrs: { name: 'example/app:1' } }],
 * });
 */
export function compiledFrontend(compiled: CompiledResult): InProcessFrontend {
  checkArgument('compiledFrontend', 'compiled', compiled, aCompiledBuild);
  const { definitions, multiPlatform, metadata } = compiled;
  const unique = createId(); // what several platforms copy is sent once
  return async (bridge: InProcessBridge): Promise<Result> => {
    const solved = [...definitions].map(async ([id, definition]): Promise<[string, Reference | undefined]> => {
      const { ref } = await bridge.solve({ definition: unbindSessions(definition, unique) });
      return [id, ref];
    });
    const refs = await Promise.all(solved);
    if (!multiPlatform) return { ref: refs[0]?.[1], metadata };
    return { refs: new Map(refs.map(([id, ref]) => [id, ref ?? { id: '' }])), metadata };
  };
}
