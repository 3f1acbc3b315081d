/**
 * Policies in the language Rego, which buildx evaluates before a build loads its sources. Nothing here evaluates them, so a
 * build that has one is refused: made without asking it, it could use what the policy denies.
 */
import { stat } from 'node:fs/promises';
import type { Bridge, Result } from '../gateway/bridge.ts';
import { openContext, singleRef } from '../gateway/context.ts';
import { wrapError } from '../gateway/errors.ts';
import { parseFrontendOptions } from '../gateway/options.ts';
import { parseCsvFields } from '../go/csv.ts';
import { parseBool } from '../go/strconv.ts';
import { spellings } from '../system/endless-files.ts';
import { redactCredentials } from '../text/redact.ts';
import { UsageError } from './usage-error.ts';

const advice =
  '`docker buildx build` evaluates it; --policy disabled=true builds without it; rules for sources that tsfront applies are described in docs/beside-buildx.md';

/**
 * Reads `--policy` as buildx has it.
 * @returns whether the policy beside the Dockerfile is to be left out: `disabled=true`, or `reset=true` without another one
 * @throws UsageError for a policy that is named here, and for what is no value of the flag
 */
export function leavesOutPolicy(values: readonly string[], env: Readonly<Record<string, string | undefined>>): boolean {
  const given = values.map(parsePolicy);
  if (given.some(({ disabled }) => disabled)) {
    if (given.length > 1 || given[0]!.others)
      throw new UsageError(
        'disabled policy cannot be combined with other policy flags: give --policy disabled=true alone',
      );
    return true;
  }
  const named = given.flatMap(({ filenames }) => filenames);
  if (named.length > 0)
    throw new UsageError(
      `--policy filename=${named[0]}: that policy is in the language Rego, which tsfront does not evaluate: ${advice}`,
    );
  if (isTrue(env['BUILDX_DEFAULT_POLICY']))
    throw new UsageError(
      `BUILDX_DEFAULT_POLICY asks for buildx's own policy, which is in the language Rego, and tsfront does not evaluate it: ${advice}`,
    );
  return given.some(({ reset }) => reset);
}

interface Policy {
  readonly filenames: readonly string[];
  readonly disabled: boolean;
  readonly reset: boolean;
  /** Whether there is anything but `disabled`. */
  readonly others: boolean;
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
    const equals = field.indexOf('=');
    const key = field
      .slice(0, equals < 0 ? field.length : equals)
      .trim()
      .toLowerCase();
    const value = equals < 0 ? '' : field.slice(equals + 1);
    keys.push(key);
    if (value === '') throw fail(`${key || 'it'} has no value`);
    if (key === 'filename') filenames.push(value);
    else if (key === 'reset' || key === 'disabled' || key === 'strict') {
      const set = booleanOf(value);
      if (set === undefined) throw fail(`${key} is true or false`);
      flags[key] = set;
    } else if (key !== 'log-level')
      throw fail(`there is no ${key}: known are filename, reset, disabled, strict and log-level`);
    else if (!levels.includes(value.toLowerCase())) throw fail(`log-level is one of ${levels.join(', ')}`);
  }
  const others = keys.some((key) => key !== 'disabled');
  return { filenames, disabled: flags.disabled, reset: flags.reset, others };
}

function booleanOf(text: string): boolean | undefined {
  try {
    return parseBool(text);
  } catch {
    return undefined;
  }
}

function isTrue(text: string | undefined): boolean {
  return booleanOf(text ?? '') === true;
}

/**
 * Refuses a build whose Dockerfile has a policy beside it: `Dockerfile.rego` for `Dockerfile`.
 * @param dockerfile its path, '' where it is no file of its own
 * @throws Error that names the policy and says how to go on
 */
export async function refusePolicyBeside(dockerfile: string): Promise<void> {
  if (dockerfile === '') return;
  for (const name of spellings(dockerfile)) {
    const file = `${name}.rego`;
    try {
      await stat(file);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw new Error(`cannot tell whether there is a policy for this build: ${message}`, { cause: error });
    }
    throw isPolicy(file);
  }
}

/**
 * The same for a Dockerfile in a repository or an archive at an address: the policy is looked for when the build runs.
 * @param dockerfile its path in the context
 */
export function refusingPolicyIn<B extends Bridge>(
  frontend: (bridge: B) => Promise<Result>,
  dockerfile: string,
): (bridge: B) => Promise<Result> {
  return async (bridge) => {
    const context = await openContext(bridge, parseFrontendOptions(bridge.options));
    const definition = (await context.main(undefined)).marshal();
    const result = await bridge.solve({ definition }).catch((error) => {
      throw wrapError(error, 'failed to resolve dockerfile'); // as the frontend says it, which reads it from there
    });
    for (const name of spellings(dockerfile)) {
      const file = `${name}.rego`;
      const found = await bridge.statFile(singleRef(result), file).catch((error: Error) => {
        if (/not found|no such file|not a directory/i.test(error.message)) return undefined;
        throw wrapError(error, `failed to read the policy ${file}`);
      });
      if (found) throw isPolicy(`${file} in ${redactCredentials(bridge.options.opts['context'] ?? '')}`);
    }
    return frontend(bridge);
  };
}

function isPolicy(file: string): Error {
  return new Error(
    `${file} is a policy for this build, in the language Rego, which tsfront does not evaluate: it does not build without asking it. ${advice}`,
  );
}
