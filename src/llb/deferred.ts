/** States that are known only when a graph is marshalled. */
import { aFunction, checkArgument } from '../text/arguments.ts';
import { State } from './state.ts';
import type { DeferredOutput, Output } from './vertex.ts';

/**
 * Makes a state whose filesystem `make` returns when a graph with it is marshalled. `make` is called at most once. The
 * state has the values of a new state, not those of the state that `make` returns.
 *
 * @example
 * const paths: string[] = [];
 * const context = deferred(() => local('context', { followPaths: paths }));
 * paths.push('package.json'); // known later, from the steps that copy from the context
 */
export function deferred(make: () => State): State {
  checkArgument('deferred', 'make', make, aFunction);
  let result: { readonly output: Output | undefined } | undefined;
  const output: DeferredOutput = {
    resolve() {
      result ??= { output: make().output };
      return result.output;
    },
  };
  return State.fromOutput(output);
}
