/** Signals by name or number, as STOPSIGNAL takes them. */
import { atoi } from '../go/strconv.ts';
import { toUpper } from '../go/unicode.ts';

const names =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU ' +
  'XFSZ VTALRM PROF WINCH IO PWR SYS';
const realTimeMin = 34;
const realTimeMax = 64;

const signals: ReadonlyMap<string, number> = new Map([
  ...names.split(' ').map((name, index) => [name, index + 1] as const),
  ['IOT', 6],
  ['CLD', 17],
  ['POLL', 29],
  ['RTMIN', realTimeMin],
  ['RTMAX', realTimeMax],
  ...Array.from({ length: 15 }, (_, index) => [`RTMIN+${index + 1}`, realTimeMin + index + 1] as const),
  ...Array.from({ length: 14 }, (_, index) => [`RTMAX-${index + 1}`, realTimeMax - index - 1] as const),
]);

/** The number of a Linux signal; any number but 0 is taken as it is. @throws Error `invalid signal: x` */
export function parseSignal(text: string): number {
  const signal = parseNumber(text) ?? signals.get(toUpper(text).replace(/^SIG/, ''));
  if (!signal) throw new Error(`invalid signal: ${text}`);
  return signal;
}

function parseNumber(text: string): number | undefined {
  try {
    return atoi(text);
  } catch {
    return undefined;
  }
}
