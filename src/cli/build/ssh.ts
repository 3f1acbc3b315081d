/** SSH agents and keys are opened by the session; whether that can be done is known before. */
import { ssh } from '../../client/session/ssh.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { isDescriptor } from '../../system/named-file.ts';
import { parseSsh } from './options.ts';

/** @throws UsageError for an agent or a key that is not there or cannot be used */
export async function requireSsh(values: readonly string[], context = ''): Promise<void> {
  // what comes through a pipe of the shell can be read once
  const sources = parseSsh(values, context).filter(({ paths }) => !paths?.some(isDescriptor));
  try {
    await ssh(sources);
  } catch (cause) {
    throw new UsageError(`--ssh: ${(cause as Error).message}`, { cause });
  }
}
