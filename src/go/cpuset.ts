/** Lists of processors or memory nodes. */
import { quote } from './quote.ts';
import { splitAtFirst } from './split-at-first.ts';
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
    const [first, last] = splitAtFirst(part, '-');
    const low = index(trimSpace(first));
    if (last === undefined) {
      if (low === undefined) throw new Error(`invalid cpuset element ${quote(part)}`);
      if (low > maxCpu) throw new Error(`cpuset element ${quote(part)} exceeds maximum ${maxCpu}`);
    } else {
      const high = index(trimSpace(last));
      if (low === undefined || high === undefined || high < low) throw new Error(`invalid cpuset range ${quote(part)}`);
      if (high > maxCpu) throw new Error(`cpuset range ${quote(part)} exceeds maximum ${maxCpu}`);
    }
  }
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
