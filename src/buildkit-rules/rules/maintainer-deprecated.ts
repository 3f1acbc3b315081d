import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** The Dockerfile has a MAINTAINER. */
export const maintainerDeprecated = defineRule({
  name: 'MaintainerDeprecated',
  description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
  message: () => 'Maintainer instruction is deprecated in favor of using label',
});

/** Reports a MAINTAINER instruction. */
export function checkMaintainerDeprecated(linter: Linter, maintainer: Place): void {
  linter.report(maintainerDeprecated, maintainer);
}
