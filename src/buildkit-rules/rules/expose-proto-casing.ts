import { toLower } from '../../go/unicode.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** EXPOSE has a protocol in capitals. */
export const exposeProtoCasing = defineRule({
  name: 'ExposeProtoCasing',
  description: 'Protocol in EXPOSE instruction should be lowercase',
  aboutValues: true,
  message: (port: string) => `Defined protocol '${port}' in EXPOSE instruction should be lowercase`,
  facts: (name) => ({ name }),
});

/** Reports a port whose protocol has capitals. @param port the whole word */
export function checkExposeProtoCasing(linter: Linter, place: Place, port: string, protocol: string): void {
  if (protocol !== toLower(protocol)) linter.report(exposeProtoCasing, place, port);
}
