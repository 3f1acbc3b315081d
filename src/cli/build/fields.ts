/** Flag values of comma-separated fields: `type=local,dest=out`. */
import { parseCsvFields } from '../../go/csv.ts';

/** Fields by lower-case key, in their order. A field without `=` has the value undefined. @throws Error that names the flag */
export function parseFields(flag: string, text: string): Map<string, string | undefined> {
  const fields = new Map<string, string | undefined>();
  try {
    for (const field of parseCsvFields(text)) {
      const equals = field.indexOf('=');
      if (equals < 0) fields.set(field.trim(), undefined);
      else fields.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
    }
  } catch (error) {
    throw new Error(`invalid value ${JSON.stringify(text)} for ${flag}: ${(error as Error).message}`);
  }
  return fields;
}

/** Fields that all have values, on an object without names of its own. */
export function parsePairs(flag: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = Object.create(null);
  for (const [key, value] of parseFields(flag, text)) {
    if (value === undefined) throw new Error(`invalid value ${JSON.stringify(text)} for ${flag}: ${key} has no value`);
    pairs[key] = value;
  }
  return pairs;
}

/** Splits at the first `=`; the value is undefined where there is none. */
export function cutPair(text: string): [string, string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** Go's strconv.ParseBool. */
export function parseBoolean(flag: string, text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new Error(`invalid value ${JSON.stringify(text)} for ${flag}: neither true nor false`);
}
