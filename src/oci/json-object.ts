/** JSON objects of registries and layouts, as deep as manifests and configs are. */

/** Maximum number of levels of a JSON document. */
const maxDepth = 1000;

/**
 * Parses a JSON object.
 * @throws Error with `name` if the bytes are not a JSON object, or have more than a thousand levels
 */
export function parseObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  checkDepth(bytes, name);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // The error below says so.
  }
  if (!isObject(value)) throw new Error(`${name} is not a JSON object`);
  return value;
}

/**
 * Limits the depth of a JSON text.
 * @throws Error with `name` if a JSON text has more than a thousand levels; no image has so many
 */
export function checkDepth(bytes: Uint8Array, name: string): void {
  if (isDeeper(bytes, maxDepth))
    throw new Error(`${name} is nested deeper than the ${maxDepth} levels of a manifest or config`);
}

/**
 * Whether a JSON text has more levels: reading them costs time and memory, and writing them could exhaust the stack.
 */
function isDeeper(bytes: Uint8Array, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c)
        at++; // the backslash escapes this character
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > levels) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
