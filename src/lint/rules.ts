/** tsfront's own lint rules, one table. Each is a file in `rules/`. */
import type { LintRule } from './rule.ts';
import { addOfLocalFile } from './rules/add-of-local-file.ts';
import { aptInScript } from './rules/apt-in-script.ts';
import { caseCollision } from './rules/case-collision.ts';
import { cdDoesNotLast } from './rules/cd-does-not-last.ts';
import { changedAfterCopy } from './rules/changed-after-copy.ts';
import { consecutiveRuns } from './rules/consecutive-runs.ts';
import { copyBeforeInstall } from './rules/copy-before-install.ts';
import { copyOfArchive } from './rules/copy-of-archive.ts';
import { copyWithoutWorkdir } from './rules/copy-without-workdir.ts';
import { curlWithoutFail } from './rules/curl-without-fail.ts';
import { downloadInRun } from './rules/download-in-run.ts';
import { envUsesItself } from './rules/env-uses-itself.ts';
import { foreignRegistry } from './rules/foreign-registry.ts';
import { highUid } from './rules/high-uid.ts';
import { lastUserRoot } from './rules/last-user-root.ts';
import { latestBase } from './rules/latest-base.ts';
import { missingHealthcheck } from './rules/missing-healthcheck.ts';
import { packageCacheKept } from './rules/package-cache-kept.ts';
import { recommendedPackages } from './rules/recommended-packages.ts';
import { removedInLaterLayer } from './rules/removed-in-later-layer.ts';
import { secretInText } from './rules/secret-in-text.ts';
import { serviceDoesNotLast } from './rules/service-does-not-last.ts';
import { severalSourcesToFile } from './rules/several-sources-to-file.ts';
import { shellByLink } from './rules/shell-by-link.ts';
import { sudoInRun } from './rules/sudo-in-run.ts';
import { unansweredInstall } from './rules/unanswered-install.ts';
import { uncheckedHeredoc } from './rules/unchecked-heredoc.ts';
import { uncheckedPipe } from './rules/unchecked-pipe.ts';
import { unpinnedPackage } from './rules/unpinned-package.ts';
import { untaggedBase } from './rules/untagged-base.ts';
import { unusedArg } from './rules/unused-arg.ts';
import { unusedStage } from './rules/unused-stage.ts';
import { updateAlone } from './rules/update-alone.ts';
import { wgetProgress } from './rules/wget-progress.ts';

/** Every rule, in the order of the documentation. */
export const lintRules: readonly LintRule[] = [
  untaggedBase,
  latestBase,
  foreignRegistry,
  secretInText,
  sudoInRun,
  lastUserRoot,
  unansweredInstall,
  packageCacheKept,
  updateAlone,
  aptInScript,
  recommendedPackages,
  unpinnedPackage,
  curlWithoutFail,
  uncheckedPipe,
  uncheckedHeredoc,
  downloadInRun,
  wgetProgress,
  cdDoesNotLast,
  serviceDoesNotLast,
  shellByLink,
  highUid,
  addOfLocalFile,
  severalSourcesToFile,
  copyOfArchive,
  copyBeforeInstall,
  copyWithoutWorkdir,
  changedAfterCopy,
  removedInLaterLayer,
  consecutiveRuns,
  envUsesItself,
  caseCollision,
  unusedArg,
  unusedStage,
  missingHealthcheck,
];
