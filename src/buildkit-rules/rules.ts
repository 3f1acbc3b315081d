/** The lint rules, one table. Each is a file in `rules/`: its definition, and the function that looks for it. */
import type { DiagnosticCode } from '../diagnostic/codes.ts';
import type { Rule } from './rule.ts';
import { consistentInstructionCasing } from './rules/consistent-instruction-casing.ts';
import { copyIgnoredFile } from './rules/copy-ignored-file.ts';
import { duplicateStageName } from './rules/duplicate-stage-name.ts';
import { exposeInvalidFormat } from './rules/expose-invalid-format.ts';
import { exposeProtoCasing } from './rules/expose-proto-casing.ts';
import { fromAsCasing } from './rules/from-as-casing.ts';
import { fromPlatformFlagConstDisallowed } from './rules/from-platform-flag-const-disallowed.ts';
import { invalidBaseImagePlatform } from './rules/invalid-base-image-platform.ts';
import { invalidDefaultArgInFrom } from './rules/invalid-default-arg-in-from.ts';
import { invalidDefinitionDescription } from './rules/invalid-definition-description.ts';
import { jsonArgsRecommended } from './rules/json-args-recommended.ts';
import { legacyKeyValueFormat } from './rules/legacy-key-value-format.ts';
import { maintainerDeprecated } from './rules/maintainer-deprecated.ts';
import { multipleInstructionsDisallowed } from './rules/multiple-instructions-disallowed.ts';
import { noEmptyContinuation } from './rules/no-empty-continuation.ts';
import { redundantTargetPlatform } from './rules/redundant-target-platform.ts';
import { reservedStageName } from './rules/reserved-stage-name.ts';
import { secretsUsedInArgOrEnv } from './rules/secrets-used-in-arg-or-env.ts';
import { stageNameCasing } from './rules/stage-name-casing.ts';
import { undefinedArgInFrom } from './rules/undefined-arg-in-from.ts';
import { undefinedVar } from './rules/undefined-var.ts';
import { workdirRelativePath } from './rules/workdir-relative-path.ts';

/**
 * Every rule in the order of the Dockerfile frontend's own list, with the modules (in `src`) that call its function.
 */
export const ruleTable: readonly { readonly rule: Rule; readonly calledFrom: readonly string[] }[] = [
  { rule: stageNameCasing, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: fromAsCasing, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: noEmptyContinuation, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: consistentInstructionCasing, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: duplicateStageName, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: reservedStageName, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: jsonArgsRecommended, calledFrom: ['lower/dispatch/image-config.ts'] },
  { rule: maintainerDeprecated, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: undefinedArgInFrom, calledFrom: ['lower/build-stages.ts'] },
  { rule: workdirRelativePath, calledFrom: ['lower/dispatch/workdir.ts'] },
  { rule: undefinedVar, calledFrom: ['lower/dispatch/instruction.ts'] },
  { rule: multipleInstructionsDisallowed, calledFrom: ['lower/dispatch/image-config.ts'] },
  { rule: legacyKeyValueFormat, calledFrom: ['lower/dispatch/env.ts', 'lower/dispatch/image-config.ts'] },
  { rule: invalidBaseImagePlatform, calledFrom: ['lower/base-images.ts'] },
  { rule: redundantTargetPlatform, calledFrom: ['lower/build-stages.ts'] },
  { rule: secretsUsedInArgOrEnv, calledFrom: ['lower/dispatch/arg.ts', 'lower/dispatch/env.ts'] },
  { rule: invalidDefaultArgInFrom, calledFrom: ['lower/build-stages.ts'] },
  { rule: fromPlatformFlagConstDisallowed, calledFrom: ['lower/build-stages.ts'] },
  { rule: copyIgnoredFile, calledFrom: ['lower/dispatch/copy-files.ts'] },
  { rule: invalidDefinitionDescription, calledFrom: ['buildkit-rules/syntax.ts'] },
  { rule: exposeProtoCasing, calledFrom: ['lower/dispatch/expose.ts'] },
  { rule: exposeInvalidFormat, calledFrom: ['lower/dispatch/expose.ts'] },
];

const byName: ReadonlyMap<string, Rule> = new Map(ruleTable.map(({ rule }) => [rule.name, rule]));

/** The rule of a finding; undefined for any other diagnostic. */
export const findRule = (code: DiagnosticCode): Rule | undefined => byName.get(code);
