import { quote } from '../../go/quote.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** The first WORKDIR of a stage is relative. */
export const workdirRelativePath = defineRule({
  name: 'WorkdirRelativePath',
  description:
    'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
  aboutValues: true,
  message: (path: string) => `Relative workdir ${quote(path)} can have unexpected results if the base image changes`,
});

/**
 * Reports a relative WORKDIR.
 * @param path that of the first WORKDIR of this Dockerfile in a stage, when it is relative
 */
export function checkWorkdirRelativePath(linter: Linter, place: Place, path: string): void {
  linter.report(workdirRelativePath, place, path);
}
