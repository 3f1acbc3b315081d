/** Where in the program something happens: read from the stack of the engine. */
import type { Place } from './protocol.ts';

/** Frames that are kept: an operation, and the helpers that led to it. */
const maxFrames = 10;

/** The modules of the program on a stack, innermost first. */
export function placesIn(stack: string | undefined): Place[] {
  const places: Place[] = [];
  for (const line of (stack ?? '').split('\n')) {
    // "    at name (module:line:column)", or without a name.
    const [, module, row, column = '1'] = /(?:^|[\s(])([^\s():]+):(\d+)(?::(\d+))?\)?\s*$/.exec(line) ?? [];
    if (module === undefined || module.startsWith('tsfront/')) continue;
    places.push({ module, line: Number(row), column: Number(column) });
    if (places.length === maxFrames) break;
  }
  return places;
}

/** The places from which the library is called. */
export const callers = (): Place[] => placesIn(new Error().stack);
