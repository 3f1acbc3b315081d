/** The JSON form of arguments: `["a", "b"]`. */
import { parseJsonAny } from './json-any.ts';
import { countWord, type WordBudget } from './word-limit.ts';

interface JsonElement {
  /** The text of the element; undefined if it is not a string. */
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** An array with the places of its parts. */
export interface JsonArray {
  /** The elements in order. */
  readonly elements: readonly JsonElement[];
  /** Offsets of the commas between the elements. */
  readonly commas: readonly number[];
}

/**
 * Reads a text as a JSON array; undefined if it is plain text. The text has no blanks
 * around it.
 *
 * @throws TooManyWords
 */
export function parseJsonArray(text: string, budget: WordBudget): JsonArray | undefined {
  if (text.charCodeAt(0) !== 0x5b || text.charCodeAt(text.length - 1) !== 0x5d) return undefined;
  let values: unknown[];
  try {
    values = JSON.parse(text) as unknown[];
  } catch {
    return undefined;
  }
  // Go accepts fewer of the other values than JavaScript does.
  if (!values.every((value) => typeof value === 'string') && !parseJsonAny(text)) return undefined;
  for (let i = 0; i < 2 * values.length; i++) countWord(budget, 'words'); // and the commas
  return locateElements(text, values);
}

/** Finds the places of the elements of a valid array. */
function locateElements(text: string, values: readonly unknown[]): JsonArray {
  const elements: JsonElement[] = [];
  const commas: number[] = [];
  let depth = 0;
  let start = -1;
  let end = -1;
  const finish = () => {
    const value = values[elements.length];
    if (start >= 0) elements.push({ text: typeof value === 'string' ? value.toWellFormed() : undefined, start, end });
    start = -1;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d) continue;
    if (depth === 1 && (code === 0x2c || code === 0x5d)) {
      finish();
      if (code === 0x2c) commas.push(at);
      continue;
    }
    if (depth > 0 && start < 0) start = at;
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) depth++;
    else if (code === 0x5d || code === 0x7d) depth--;
    end = at + 1;
  }
  return { elements, commas };
}

/** Offset of the closing quote of a string. */
function endOfString(text: string, open: number): number {
  for (let at = open + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code === 0x5c) at++;
  }
}
