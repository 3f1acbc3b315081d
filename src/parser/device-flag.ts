/** The value of a `RUN --device`. */
import { parseCsvFields } from '../go/csv.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { parseBool } from '../go/strconv.ts';
import { toLower } from '../go/unicode.ts';
import type { Device } from './ast.ts';
import { unknownName } from './unknown-name.ts';

const keys: readonly string[] = ['name', 'required'];

/**
 * Parses the value of a `--device` flag, such as `vendor.com/class=name,required`.
 * @throws Error with the reference's text
 */
export function parseDevice(value: string): Device {
  let name = '';
  let required = false;
  for (const field of deviceFields(value)) {
    const [written, text] = splitAtFirst(field, '=');
    const key = toLower(written);
    if (key === 'required') {
      required = text === undefined || readRequired(text);
    } else if (key === 'name' && text !== undefined) {
      if (name !== '') throw new Error(`device name already set to ${name}`);
      name = text;
    } else if (name === '') {
      // The name of a device may contain an equals sign.
      name = field;
    } else if (text === undefined) {
      throw new Error(`invalid field '${field}' must be a key=value pair`);
    } else {
      throw unknownName(`unexpected key '${key}' in '${field}'`, key, keys);
    }
  }
  return { name, required };
}

function deviceFields(value: string): string[] {
  try {
    return parseCsvFields(value);
  } catch (error) {
    throw new Error(`failed to parse csv devices: ${(error as Error).message}`);
  }
}

function readRequired(text: string): boolean {
  try {
    return parseBool(text);
  } catch {
    throw new Error(`invalid value for required: ${text}`);
  }
}
