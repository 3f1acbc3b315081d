/** The flag `--policy`, which buildx has for policies in the language Rego. */
import { parseCsvFields } from '../../go/csv.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { isTrue, parseBool } from '../../go/strconv.ts';
import { UsageError } from '../../text/usage-error.ts';
import { policyAdvice } from '../rego-policy.ts';

/**
 * Parses `--policy` as buildx does.
 * @returns whether the policy beside the Dockerfile is ignored: `disabled=true`, or `reset=true` without another one
 * @throws UsageError for a policy named in the flag, and for an invalid value
 */
export function isPolicyDisabled(
  values: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const given = values.map(parsePolicy);
  if (given.some(({ disabled }) => disabled)) {
    if (given.length > 1 || given[0]!.hasOtherKeys)
      throw new UsageError(
        'disabled policy cannot be combined with other policy flags: give --policy disabled=true alone',
      );
    return true;
  }
  const named = given.flatMap(({ filenames }) => filenames);
  if (named.length > 0)
    throw new UsageError(
      `--policy filename=${named[0]}: that policy is in the language Rego, which tsfront does not evaluate: ${policyAdvice}`,
    );
  if (isTrue(env['BUILDX_DEFAULT_POLICY']))
    throw new UsageError(
      `BUILDX_DEFAULT_POLICY asks for buildx's own policy, which is in the language Rego, and tsfront does not evaluate it: ${policyAdvice}`,
    );
  return given.some(({ reset }) => reset);
}

interface Policy {
  readonly filenames: readonly string[];
  readonly disabled: boolean;
  readonly reset: boolean;
  /** Whether there are attributes other than `disabled`. */
  readonly hasOtherKeys: boolean;
}

const levels = ['panic', 'fatal', 'error', 'warn', 'warning', 'info', 'debug', 'trace'];

function parsePolicy(text: string): Policy {
  const fieldsOf = (it: string) => {
    try {
      return parseCsvFields(it);
    } catch (error) {
      throw fail(it === '' ? 'it is empty' : (error as Error).message);
    }
  };
  const fail = (why: string) => new UsageError(`invalid value ${JSON.stringify(text)} for --policy: ${why}`);
  const filenames: string[] = [];
  const flags = { reset: false, disabled: false, strict: false };
  const keys: string[] = [];
  for (const field of fieldsOf(text)) {
    const [name, value = ''] = splitAtFirst(field, '=');
    const key = name.trim().toLowerCase();
    keys.push(key);
    if (value === '') throw fail(`${key || 'it'} has no value`);
    if (key === 'filename') filenames.push(value);
    else if (key === 'reset' || key === 'disabled' || key === 'strict') {
      const set = tryParseBool(value);
      if (set === undefined) throw fail(`${key} must be true or false`);
      flags[key] = set;
    } else if (key !== 'log-level')
      throw fail(`unknown attribute ${key}: use filename, reset, disabled, strict or log-level`);
    else if (!levels.includes(value.toLowerCase())) throw fail(`log-level must be one of ${levels.join(', ')}`);
  }
  const others = keys.some((key) => key !== 'disabled');
  return { filenames, disabled: flags.disabled, reset: flags.reset, hasOtherKeys: others };
}

function tryParseBool(text: string): boolean | undefined {
  try {
    return parseBool(text);
  } catch {
    return undefined;
  }
}
