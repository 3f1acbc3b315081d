/** Values of flags whose parser does not know which flag it is about. */
import { UsageError } from '../offline/usage-error.ts';

/** What `parse` makes of the text. @throws UsageError that names the flag */
export function flagValue<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    throw new UsageError(`invalid value ${JSON.stringify(text)} for ${flag}: ${(cause as Error).message}`, { cause });
  }
}
