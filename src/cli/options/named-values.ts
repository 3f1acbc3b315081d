/** Values `NAME=VALUE` of options that all commands with a Dockerfile take, by the rules of `docker buildx build`. */
import { splitAtFirst } from '../../go/split-at-first.ts';
import { contextName } from '../../image/reference.ts';
import { redactCredentials } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';
import { refusePath } from './build-args.ts';

/**
 * Reads `--label`. The last label with a name counts; one without `=` is empty.
 * @throws UsageError for a label without a name, and for a path that was probably meant as the build context
 */
export function readLabels(labels: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const label of labels) {
    const [name, value] = splitAtFirst(label, '=');
    if (name === '')
      throw new UsageError(`--label: invalid key-value pair ${JSON.stringify(label)}: empty key: it takes KEY=VALUE`);
    if (value === undefined) refusePath('--label', label, 'KEY=VALUE');
    values.set(name, value ?? '');
  }
  return values;
}

/**
 * Reads `--build-context`: named contexts by the names that a frontend looks for. Empty ones are ignored.
 * @throws UsageError for a value without `=`, and for an invalid name
 */
export function readBuildContexts(contexts: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const context of contexts) {
    if (context === '') continue;
    const [given, value] = splitAtFirst(context, '=');
    if (value === undefined)
      throw new UsageError(`--build-context: invalid context value: ${redactCredentials(context)}, expected key=value`);
    values.set(requireContextName(given), value);
  }
  return values;
}

function requireContextName(given: string): string {
  try {
    return contextName(given);
  } catch (cause) {
    throw new UsageError(`--build-context: ${(cause as Error).message}`, { cause });
  }
}

/** Puts a prefix before each name. */
export function prefixed(prefix: string, values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...values].map(([name, value]) => [prefix + name, value]));
}
