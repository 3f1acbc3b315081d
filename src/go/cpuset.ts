/** Lists of processors or memory nodes. */
import { quote } from './quote.ts';
import { parseInteger } from './strconv.ts';
import { trimSpace } from './unicode.ts';

const maxCpu = 8192;

/**
 * Checks a list of CPUs or memory nodes.
 * @throws Error with BuildKit's text if the value is not a list such as `0-3,5`
 */
export function checkCpuset(value: string): void {
  for (const part of value.split(',').map(trimSpace)) {
    if (part === '') continue;
    const [low, high] = cut(part, '-').map((piece) => index(trimSpace(piece)));
    if (cut(part, '-').length === 1) {
      if (low === undefined) throw new Error(`invalid cpuset element ${quote(part)}`);
      if (low > maxCpu) throw new Error(`cpuset element ${quote(part)} exceeds maximum ${maxCpu}`);
    } else {
      if (low === undefined || high === undefined || high < low) throw new Error(`invalid cpuset range ${quote(part)}`);
      if (high > maxCpu) throw new Error(`cpuset range ${quote(part)} exceeds maximum ${maxCpu}`);
    }
  }
}

function cut(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Parses a number from 0; undefined for other texts. */
function index(text: string): bigint | undefined {
  try {
    const n = parseInteger(text, 10, 64);
    return n < 0n ? undefined : n;
  } catch {
    return undefined;
  }
}
