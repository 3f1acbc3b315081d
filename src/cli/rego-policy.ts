/**
 * Policies in the language Rego, which buildx evaluates before a build loads its sources. tsfront cannot evaluate them,
 * so it refuses a build with a policy: otherwise the build could use what the policy denies.
 */
import { stat } from 'node:fs/promises';
import type { Bridge, Result } from '../gateway/bridge.ts';
import { dockerfileSpellings } from '../gateway/frontend-files.ts';
import { openContext, singleRef } from '../gateway/main-context.ts';
import { parseFrontendOptions } from '../gateway/options.ts';
import type { Definition } from '../llb/definition.ts';
import { wrapError } from '../text/error-message.ts';
import { redactCredentials } from '../text/redact.ts';

/** What can be done with a policy. */
export const policyAdvice =
  '`docker buildx build` evaluates it; --policy disabled=true builds without it; rules for sources that tsfront applies are described in docs/beside-buildx.md';

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
    `${file} is a policy for this build, in the language Rego, which tsfront does not evaluate, so the build is refused. ${policyAdvice}`,
  );
}
