/** Flag values of comma-separated fields: `type=local,dest=out`. */
import { parseCsvFields } from '../../go/csv.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { withoutSecrets } from './attributes.ts';

/**
 * Fields by lower-case key, in their order. A field without `=` has the value undefined.
 * @param keepCase leaves keys as they are, but for `type` and `disabled`
 * @throws UsageError that names the flag
 */
export function parseFields(flag: string, text: string, keepCase = false): Map<string, string | undefined> {
  const fields = new Map<string, string | undefined>();
  try {
    for (const field of parseCsvFields(text)) {
      const equals = field.indexOf('=');
      if (equals < 0) fields.set(field.trim(), undefined);
      else {
        const key = field.slice(0, equals).trim();
        const lower = key.toLowerCase();
        fields.set(keepCase && lower !== 'type' && lower !== 'disabled' ? key : lower, field.slice(equals + 1));
      }
    }
  } catch (error) {
    throw new UsageError(`invalid value ${shown(text)} for ${flag}: ${(error as Error).message}`);
  }
  return fields;
}

/** A flag's text as errors quote it. */
export function shown(text: string): string {
  return JSON.stringify(withoutSecrets(text));
}

/** Fields that all have values, on an object without names of its own. @throws UsageError that names the flag */
export function parsePairs(flag: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = Object.create(null);
  for (const [key, value] of parseFields(flag, text)) {
    if (value === undefined) throw new UsageError(`invalid value ${shown(text)} for ${flag}: ${key} has no value`);
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
  throw new UsageError(`invalid value ${JSON.stringify(text)} for ${flag}: neither true nor false`);
}
