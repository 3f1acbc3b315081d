/** Values of flags whose parser does not know which flag it is about. */
import { redactSecretsOf } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';

/** Parses the value of a flag. @throws UsageError that names the flag */
export function flagValue<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    const why = redactSecretsOf(text, (cause as Error).message); // it may quote an address in part
    throw new UsageError(`invalid value ${JSON.stringify(text)} for ${flag}: ${why}`, { cause });
  }
}
