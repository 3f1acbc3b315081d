/**
 * The lock of a build whose Dockerfile the daemon's own frontend reads. That frontend reads no lock, so the daemon gets
 * the lock as a source policy; and before it, tsfront's frontend finds what is not locked.
 */
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fromJson, type MessageShape } from '@bufbuild/protobuf';
import type { InProcessBridge } from '../../client/index.ts';
import { lockFileName } from '../../gateway/frontend-files.ts';
import { PolicySchema } from '../../gen/moby/buildkit/v1/sourcepolicy/policy_pb.ts';
import { decodeText } from '../../go/text.ts';
import { type LockMode, lockMode } from '../../lock/lock-mode.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { ChosenFrontend } from './choose-frontend.ts';

type Policy = MessageShape<typeof PolicySchema>;

/** Maximum number of bytes in which directives are looked for. */
const headBytes = 64 << 10;

/**
 * How a build uses its lock.
 *
 * @param argument the value of the build argument; undefined if it is not given
 * @param dockerfile its path; '' if it is not a file on this machine
 * @throws DiagnosticError for an unknown mode
 */
export async function lockModeOf(argument: string | undefined, dockerfile: string): Promise<LockMode> {
  if (argument !== undefined || dockerfile === '') return lockMode(argument, '');
  const file = await open(dockerfile).catch(() => undefined);
  if (!file) return 'off'; // the build says what is wrong with it
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const text = decodeText(buffer.subarray(0, bytesRead));
    return lockMode(undefined, bytesRead < headBytes ? text : text.slice(0, text.lastIndexOf('\n') + 1));
  } finally {
    await file.close();
  }
}

/**
 * The lock beside a Dockerfile as a policy; undefined if there is no lock.
 *
 * @throws DiagnosticError for a lock that cannot be read as one; UsageError for one that no policy can say
 */
export async function lockPolicyOf(dockerfile: string): Promise<Policy | undefined> {
  const file = lockFileName(dockerfile);
  const data = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!data) return undefined;
  const { readLock } = await import('../../lock/lock-file.ts');
  const { lockPolicy } = await import('../../daemonless/lock/source-policy.ts');
  const { text, omitted } = lockPolicy(readLock(decodeText(data), path.basename(file)));
  if (omitted.length > 0)
    throw new UsageError(
      `${file}: the daemon's own frontend cannot take ${omitted.join(', ')} as locked, since the address has credentials: give --frontend tsfront`,
    );
  return fromJson(PolicySchema, JSON.parse(text));
}

/** The rules of both policies; those of the lock come last. */
export function joinedPolicy(given: Policy | undefined, lock: Policy | undefined): Policy | undefined {
  return given && lock ? { ...given, rules: [...given.rules, ...lock.rules] } : (given ?? lock);
}

/** Lets tsfront's frontend read the Dockerfile first, for its errors, and builds with the other one. */
export function checkedFirst(own: ChosenFrontend, frontend: ChosenFrontend): ChosenFrontend {
  return async (bridge, upload) => {
    const silent: InProcessBridge = { ...bridge, warn: async () => {} };
    // What it solves is not built: nobody reads it.
    await own(silent, upload);
    return frontend(bridge, upload);
  };
}
