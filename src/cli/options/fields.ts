/** Flag values of comma-separated fields: `type=local,dest=out`. */
import { parseCsvFields } from '../../go/csv.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { isBool, parseBool } from '../../go/strconv.ts';
import { UsageError } from '../../text/usage-error.ts';
import { flagWithoutSecrets } from './attributes.ts';

/**
 * Fields by lower-case key, in their order. A field without `=` has the value undefined.
 * @param keepCase leaves keys as they are, but for `type` and `disabled`
 * @throws UsageError that names the flag
 */
export function parseFields(flag: string, text: string, keepCase = false): Map<string, string | undefined> {
  const fields = new Map<string, string | undefined>();
  try {
    for (const field of parseCsvFields(text)) {
      const [name, value] = splitAtFirst(field, '=');
      const key = name.trim();
      const lower = key.toLowerCase();
      const isKept = value === undefined || (keepCase && lower !== 'type' && lower !== 'disabled');
      fields.set(isKept ? key : lower, value);
    }
  } catch (error) {
    throw new UsageError(`invalid value ${shownValue(text)} for ${flag}: ${(error as Error).message}`);
  }
  return fields;
}

/** A flag's text as errors quote it. */
export function shownValue(text: string): string {
  return JSON.stringify(flagWithoutSecrets(text));
}

/** Fields that all have values, on an object without names of its own. @throws UsageError that names the flag */
export function parsePairs(flag: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = Object.create(null);
  for (const [key, value] of parseFields(flag, text)) {
    if (value === undefined) throw new UsageError(`invalid value ${shownValue(text)} for ${flag}: ${key} has no value`);
    pairs[key] = value;
  }
  return pairs;
}

/** A boolean of Go (strconv.ParseBool). @throws UsageError that names the flag */
export function parseBoolean(flag: string, text: string): boolean {
  if (isBool(text)) return parseBool(text);
  throw new UsageError(`invalid value ${JSON.stringify(text)} for ${flag}: neither true nor false`);
}
