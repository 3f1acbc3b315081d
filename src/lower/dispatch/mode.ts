/** File modes as chmod(1) writes them. */
import { parseInteger } from '../../go/strconv.ts';

/**
 * Checks a mode: octal digits, or clauses such as `u=rwX,go-w`.
 * @throws Error `invalid syntax`; NumError (`strconv.ParseInt: …`) if it begins with a digit but is not an octal number
 */
export function checkMode(mode: string): void {
  if (/^\d/.test(mode)) {
    if (parseInteger(mode, 8, 16) > 0o7777n) throw new Error('invalid syntax');
    return;
  }
  // Classes, then operators each followed by permissions.
  const clause = /^[augo]*[-+=][-+=rstwXxugo]*$/;
  if (!mode.split(',').every((text) => clause.test(text))) throw new Error('invalid syntax');
}
