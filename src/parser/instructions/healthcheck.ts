/** HEALTHCHECK. */
import { millisecond, parseDuration } from '../../go/duration.ts';
import { quote } from '../../go/quote.ts';
import { parseInteger } from '../../go/strconv.ts';
import { toUpper } from '../../go/unicode.ts';
import type { Healthcheck, HealthcheckInstruction, Word } from '../ast.ts';
import { badArguments, type InstructionInput, needsOneOrMore } from './instruction-input.ts';
import { flagReader } from './read-flags.ts';

interface HealthcheckFlags {
  readonly interval: Word | undefined;
  readonly timeout: Word | undefined;
  readonly startPeriod: Word | undefined;
  readonly startInterval: Word | undefined;
  readonly retries: Word | undefined;
}

/** Reads the flags of HEALTHCHECK. */
export const readHealthcheckFlags = flagReader<HealthcheckFlags>({
  interval: 'word',
  timeout: 'word',
  startPeriod: 'word',
  startInterval: 'word',
  retries: 'word',
});

/** Reads HEALTHCHECK. */
export function readHealthcheck(input: InstructionInput): HealthcheckInstruction | undefined {
  const [typeWord, ...words] = input.words;
  if (!typeWord) return needsOneOrMore(input, 'HEALTHCHECK');
  const type = toUpper(typeWord.text);
  if (type === 'NONE') {
    // The reference ignores the flags.
    if (words.length > 0)
      return badArguments(
        input,
        'HEALTHCHECK NONE takes no arguments',
        'Remove what follows NONE, or write CMD for it.',
      );
    const healthcheck = { test: [type], interval: 0n, timeout: 0n, startPeriod: 0n, startInterval: 0n, retries: 0 };
    return { kind: 'healthcheck', ...input.base, healthcheck };
  }

  const flags = readHealthcheckFlags(input);
  if (type !== 'CMD')
    input.report({
      code: 'bad-healthcheck-type',
      message: `Unknown type ${quote(type)} in HEALTHCHECK (try CMD)`,
      range: typeWord.range,
      hint: /^[-\u2010-\u2015\u2212]/.test(typeWord.text)
        ? 'A flag begins with two plain dashes, as in --interval=30s.'
        : `The command comes after CMD: ${exampleOf(input.base.code)}`,
    });
  else if (words.length === 0)
    badArguments(input, 'Missing command after HEALTHCHECK CMD', 'Write the command after CMD.');
  if (!flags) return undefined;

  const healthcheck: Healthcheck = {
    test: [input.isJson ? 'CMD' : 'CMD-SHELL', ...words.map(({ text }) => text)],
    interval: readInterval(input, 'interval', flags.interval),
    timeout: readInterval(input, 'timeout', flags.timeout),
    startPeriod: readInterval(input, 'start-period', flags.startPeriod),
    startInterval: readInterval(input, 'start-interval', flags.startInterval),
    retries: readRetries(input, flags.retries),
  };
  return { kind: 'healthcheck', ...input.base, healthcheck };
}

/** An example with the missing CMD, made from the instruction. */
function exampleOf(code: string): string {
  const command = /^\S+\s+((?:--\S+\s+)*)(\S[^\n]{0,60})$/.exec(code);
  const [, flags, rest] = command ?? [];
  if (rest === undefined) return 'write HEALTHCHECK CMD before it.';
  const words = /^\["CMD",\s*(.*)$/i.exec(rest);
  return `write HEALTHCHECK ${flags}CMD ${words ? `[${words[1]}` : rest}`;
}

/** Parses a duration to nanoseconds; 0 means the default. */
function readInterval(input: InstructionInput, name: string, word: Word | undefined): bigint {
  if (!word || word.text === '') return 0n;
  try {
    const duration = parseDuration(word.text);
    if (duration !== 0n && duration < millisecond) throw new Error(`Interval ${quote(name)} cannot be less than 1ms`);
    return duration;
  } catch (error) {
    input.report({
      code: 'bad-duration',
      message: (error as Error).message,
      range: word.range,
      hint: 'Write a number and its unit, like 30s or 1m30s.',
    });
    return 0n;
  }
}

function readRetries(input: InstructionInput, word: Word | undefined): number {
  if (!word || word.text === '') return 0;
  try {
    const retries = parseInteger(word.text, 10, 32);
    if (retries < 0n) throw new Error(`--retries cannot be negative (${retries})`);
    return Number(retries);
  } catch (error) {
    input.report({ code: 'bad-retries', message: (error as Error).message, range: word.range });
    return 0;
  }
}
