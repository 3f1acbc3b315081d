import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** EXPOSE has an address or a port of the host. */
export const exposeInvalidFormat = defineRule({
  name: 'ExposeInvalidFormat',
  description:
    'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
  aboutValues: true,
  message: (port: string) => `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`,
  facts: (name) => ({ name }),
});

/** Reports a port with an address or a port of the host. @param port the whole word */
export function checkExposeInvalidFormat(
  linter: Linter,
  place: Place,
  port: string,
  parts: { readonly ip: string; readonly hostPort: string },
): void {
  if (parts.ip !== '' || parts.hostPort !== '') linter.report(exposeInvalidFormat, place, port);
}
