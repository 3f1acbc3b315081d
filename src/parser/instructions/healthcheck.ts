/** HEALTHCHECK. */
import { millisecond, parseDuration } from '../../go/duration.ts';
import { quote } from '../../go/quote.ts';
import { parseInteger } from '../../go/strconv.ts';
import { toUpper } from '../../go/unicode.ts';
import type { Healthcheck, HealthcheckInstruction } from '../ast.ts';
import { type FlagValues, readFlags } from './read-flags.ts';
import { badArguments, needsOneOrMore, type Request } from './request.ts';

const intervals = ['interval', 'timeout', 'start-period', 'start-interval'] as const;
type FlagName = (typeof intervals)[number] | 'retries';

export function readHealthcheck(request: Request): HealthcheckInstruction | undefined {
  const [typeWord, ...words] = request.words;
  if (!typeWord) return needsOneOrMore(request, 'HEALTHCHECK');
  const type = toUpper(typeWord.text);
  if (type === 'NONE') {
    // Flags are not looked at.
    if (words.length > 0) return badArguments(request, 'HEALTHCHECK NONE takes no arguments');
    const healthcheck = { test: [type], interval: 0n, timeout: 0n, startPeriod: 0n, startInterval: 0n, retries: 0 };
    return { kind: 'healthcheck', ...request.base, healthcheck };
  }

  const flags = readFlags(request, {
    interval: 'string',
    timeout: 'string',
    'start-period': 'string',
    'start-interval': 'string',
    retries: 'string',
  });
  if (type !== 'CMD')
    request.report({
      code: 'bad-healthcheck-type',
      message: `Unknown type ${quote(type)} in HEALTHCHECK (try CMD)`,
      range: typeWord.range,
      hint: `What is to run stands behind CMD: ${exampleOf(request.base.code)}`,
    });
  else if (words.length === 0) badArguments(request, 'Missing command after HEALTHCHECK CMD');
  if (!flags) return undefined;

  const [interval, timeout, startPeriod, startInterval] = intervals.map((name) => readInterval(request, flags, name));
  const healthcheck: Healthcheck = {
    test: [request.isJson ? 'CMD' : 'CMD-SHELL', ...words.map(({ text }) => text)],
    interval: interval!,
    timeout: timeout!,
    startPeriod: startPeriod!,
    startInterval: startInterval!,
    retries: readRetries(request, flags),
  };
  return { kind: 'healthcheck', ...request.base, healthcheck };
}

/** The instruction with the CMD that is missing; one that leaves it out altogether is short. */
function exampleOf(code: string): string {
  const command = /^\S+\s+((?:--\S+\s+)*)(\S[^\n]{0,60})$/.exec(code);
  const [, flags, rest] = command ?? [];
  if (rest === undefined) return 'write HEALTHCHECK CMD before it.';
  const words = /^\["CMD",\s*(.*)$/i.exec(rest);
  return `write HEALTHCHECK ${flags}CMD ${words ? `[${words[1]}` : rest}`;
}

/** Nanoseconds; 0 stands for the default. */
function readInterval(request: Request, flags: FlagValues<FlagName>, name: FlagName): bigint {
  const [word] = flags.strings(name);
  if (!word || word.text === '') return 0n;
  try {
    const duration = parseDuration(word.text);
    if (duration !== 0n && duration < millisecond) throw new Error(`Interval ${quote(name)} cannot be less than 1ms`);
    return duration;
  } catch (error) {
    request.report({
      code: 'bad-duration',
      message: (error as Error).message,
      range: word.range,
      hint: 'Write a number and its unit, like 30s or 1m30s.',
    });
    return 0n;
  }
}

function readRetries(request: Request, flags: FlagValues<FlagName>): number {
  const [word] = flags.strings('retries');
  if (!word || word.text === '') return 0;
  try {
    const retries = parseInteger(word.text, 10, 32);
    if (retries < 0n) throw new Error(`--retries cannot be negative (${retries})`);
    return Number(retries);
  } catch (error) {
    request.report({ code: 'bad-retries', message: (error as Error).message, range: word.range });
    return 0;
  }
}
