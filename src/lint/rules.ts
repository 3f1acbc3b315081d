/** tsfront's own lint rules, one table. Each is a file in `rules/`. */
import type { LintRule } from './rule.ts';
import { addOfLocalFile } from './rules/add-of-local-file.ts';
import { aptInScript } from './rules/apt-in-script.ts';
import { cdDoesNotLast } from './rules/cd-does-not-last.ts';
import { latestBase } from './rules/latest-base.ts';
import { packageCacheKept } from './rules/package-cache-kept.ts';
import { sudoInRun } from './rules/sudo-in-run.ts';
import { unansweredInstall } from './rules/unanswered-install.ts';
import { uncheckedHeredoc } from './rules/unchecked-heredoc.ts';
import { uncheckedPipe } from './rules/unchecked-pipe.ts';
import { untaggedBase } from './rules/untagged-base.ts';
import { updateAlone } from './rules/update-alone.ts';

/** Every rule, in the order of the documentation. */
export const lintRules: readonly LintRule[] = [
  untaggedBase,
  latestBase,
  aptInScript,
  unansweredInstall,
  packageCacheKept,
  updateAlone,
  sudoInRun,
  cdDoesNotLast,
  uncheckedPipe,
  uncheckedHeredoc,
  addOfLocalFile,
];
