/**
 * Explains an image that cannot be found where the program means a context: without one, its name is that of an image.
 */
import type { GraphJson } from '../../build-program/protocol.ts';
import { describeError } from '../../diagnostic/diagnostic.ts';
import { errorMessage } from '../../text/error-message.ts';

/** The error, with a hint if it is about a context of the program that the build does not have. */
export function explainMissingContext(error: unknown, graph: GraphJson): unknown {
  const message = errorMessage(error);
  const name = contextsOf(graph).find((it) => message.startsWith(`${it}: `));
  if (name === undefined) return error;
  const hint = `The build has no context ${JSON.stringify(name)}, so an image of that name was looked for: give the context with \`context:${name}\`.`;
  return describeError(error, 'build', { hint });
}

/** The names that instructions read from and that are not stages: these are contexts of the program. */
function contextsOf({ stages }: GraphJson): string[] {
  const known = new Set(stages.map(({ name }) => name));
  return stages
    .flatMap(({ instructions }) => instructions.flatMap(({ flags }) => flags))
    .flatMap(([flag, value = '']) => (flag === 'from' ? value : (/,from=([^,]+)/.exec(value)?.[1] ?? [])))
    .filter((name) => !known.has(name));
}
