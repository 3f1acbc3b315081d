/**
 * Policies in the language Rego, which buildx evaluates before a build loads its sources. tsfront cannot evaluate them,
 * so it refuses a build with a policy: otherwise the build could use what the policy denies.
 */
import { stat } from 'node:fs/promises';
import type { Bridge, Result } from '../gateway/bridge.ts';
import { dockerfileSpellings } from '../gateway/frontend-files.ts';
import { openContext, singleRef } from '../gateway/main-context.ts';
import { parseFrontendOptions } from '../gateway/options.ts';
import { parseCsvFields } from '../go/csv.ts';
import { isTrue, parseBool } from '../go/strconv.ts';
import type { Definition } from '../llb/definition.ts';
import { wrapError } from '../text/error-message.ts';
import { redactCredentials } from '../text/redact.ts';
import { UsageError } from './usage-error.ts';

const advice =
  '`docker buildx build` evaluates it; --policy disabled=true builds without it; rules for sources that tsfront applies are described in docs/beside-buildx.md';

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

/**
 * Refuses a build whose Dockerfile has a policy beside it: `Dockerfile.rego` for `Dockerfile`.
 * @param dockerfile its path; '' if it is not a file on this machine
 * @throws Error that names the policy and says how to continue
 */
export async function refusePolicyBeside(dockerfile: string): Promise<void> {
  if (dockerfile === '') return;
  for (const name of dockerfileSpellings(dockerfile)) {
    const file = `${name}.rego`;
    try {
      await stat(file);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw new Error(`cannot tell whether there is a policy for this build: ${message}`, { cause: error });
    }
    throw policyError(file);
  }
}

/**
 * Does the same for a Dockerfile in a repository or an archive, at an address or on standard input: it looks for the
 * policy when the build runs.
 * @param frontend gets the bridge with the archive from standard input, which can be read only once
 * @param dockerfile its path in the context
 */
export function refusingPolicyIn<B extends Bridge>(
  frontend: (bridge: B, upload?: Definition) => Promise<Result>,
  dockerfile: string,
): (bridge: B) => Promise<Result> {
  return async (bridge) => {
    const place = bridge.options.opts['context'] ?? '';
    const isUpload = place.startsWith('http://buildkit-session/');
    const context = await openContext(bridge, parseFrontendOptions(bridge.options));
    const definition = (await context.main(undefined)).marshal();
    const result = await bridge.solve({ definition }).catch((error) => {
      throw wrapError(error, 'failed to resolve dockerfile'); // as the frontend says it, which reads it from there
    });
    for (const name of dockerfileSpellings(dockerfile)) {
      const file = `${name}.rego`;
      const found = await bridge.statFile(singleRef(result), file).catch((error: Error) => {
        if (/not found|no such file|not a directory/i.test(error.message)) return undefined;
        throw wrapError(error, `failed to read the policy ${file}`);
      });
      if (found)
        throw policyError(`${file} in ${isUpload ? 'the archive on standard input' : redactCredentials(place)}`);
    }
    return frontend(bridge, isUpload ? definition : undefined);
  };
}

function policyError(file: string): Error {
  return new Error(
    `${file} is a policy for this build, in the language Rego, which tsfront does not evaluate, so the build is refused. ${advice}`,
  );
}
