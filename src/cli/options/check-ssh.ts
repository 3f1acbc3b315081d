/** `--ssh`. Agents and keys are opened by the session; whether that is possible is known before. */
import type { SshSource } from '../../client/index.ts';
import { ssh } from '../../client/session/ssh.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { isDescriptor } from '../../system/named-file.ts';
import { UsageError } from '../../text/usage-error.ts';
import { parseBoolean } from './fields.ts';

/** `default|ID[=SOCKET|KEY[,KEY…]][,raw=BOOL]`; a context that is fetched with ssh has the default agent. */
export function parseSsh(values: readonly string[], context = ''): SshSource[] {
  if (values.length === 0 && /^ssh:\/\/|^[^/@:]+@[^/:]+:/.test(context)) return [{}];
  return values
    .filter((it) => it !== '')
    .map((text) => {
      const [id, paths] = splitAtFirst(text, '=');
      let raw = false;
      const files = (paths?.split(',') ?? []).filter((part) => {
        if (!part.startsWith('raw=')) return true;
        raw = parseBoolean('--ssh', part.slice('raw='.length));
        return false;
      });
      return { id, paths: files, raw };
    });
}

/**
 * Checks the values of `--ssh` before a daemon is asked.
 * @throws UsageError for an agent or a key that does not exist or cannot be used
 */
export async function requireSsh(values: readonly string[], context = ''): Promise<void> {
  // What comes through a pipe of the shell can be read once.
  const sources = parseSsh(values, context).filter(({ paths }) => !paths?.some(isDescriptor));
  try {
    await ssh(sources);
  } catch (cause) {
    throw new UsageError(`--ssh: ${(cause as Error).message}`, { cause });
  }
}
