/** Every problem that tsfront can report, by its code: a closed list. docs/errors.md explains each (`texts.ts`). */

/**
 * The phase that finds a problem, in order: dividing the file into instructions, parsing each instruction, dividing
 * them into stages, and then the phases of lowering by BuildKit's names. `check` is the phase of lint rules and of
 * advice, which only people see.
 */
export type Phase =
  | 'structure'
  | 'instructions'
  | 'stages'
  | 'check'
  | 'arguments'
  | 'target'
  | 'dependencies'
  | 'base-images'
  | 'triggers'
  | 'dispatch'
  | 'sources'
  | 'build';

/** The phase in which an error is found, by its code. */
export const phases = {
  'line-too-long': 'structure',
  'too-many-instructions': 'structure',
  'too-many-words': 'structure',
  'bad-directive': 'structure',
  'unterminated-heredoc': 'structure',
  'bad-heredoc-name': 'structure',
  'missing-value': 'structure',
  'missing-equals': 'structure',
  'bad-array-element': 'structure',
  'no-instructions': 'structure',
  'empty-dockerfile': 'structure',
  'unknown-instruction': 'instructions',
  'unknown-flag': 'instructions',
  'repeated-flag': 'instructions',
  'missing-flag-value': 'instructions',
  'bad-flag-value': 'instructions',
  'bad-arguments': 'instructions',
  'bad-stage-name': 'instructions',
  'bad-trigger': 'instructions',
  'bad-healthcheck-type': 'instructions',
  'bad-duration': 'instructions',
  'bad-retries': 'instructions',
  'blank-name': 'instructions',
  'blank-volume': 'instructions',
  'bad-mount': 'instructions',
  'bad-device': 'instructions',
  'bad-network': 'instructions',
  'bad-security': 'instructions',
  'heredoc-as-destination': 'instructions',
  'no-stage': 'stages',
  'blank-base-name': 'stages',
  'bad-platform': 'stages',
  'bad-substitution': 'arguments',
  'bad-epoch': 'arguments',
  'bad-check-options': 'check',
  'lint-violation': 'check',
  'bad-lint-config': 'check',
  'unknown-target': 'target',
  'variable-in-from': 'dependencies',
  'unknown-stage-index': 'dependencies',
  'circular-dependency': 'dependencies',
  'bad-image-name': 'base-images',
  'unresolved-image': 'base-images',
  'bad-image-config': 'base-images',
  'too-many-triggers': 'triggers',
  'stage-not-ready': 'dispatch',
  'bad-source': 'dispatch',
  'bad-checksum': 'dispatch',
  'bad-mode': 'dispatch',
  'bad-path': 'dispatch',
  'bad-port': 'dispatch',
  'bad-signal': 'dispatch',
  'bad-instruction': 'dispatch',
  'bad-ignore-file': 'sources',
  'bad-lock-file': 'sources',
  'bad-lock-mode': 'sources',
  'unlocked-source': 'sources',
  'unresolved-source': 'sources',
  'missing-source': 'sources',
  'program-syntax': 'build',
  'program-import': 'build',
  'program-failed': 'build',
  build: 'build',
} as const satisfies Record<string, Phase>;

/** The code of an error. */
export type ErrorCode = keyof typeof phases;

/** Advice that only people see: these are not rules of the reference. */
export const adviceCodes = [
  'HiddenCharacter',
  'TypographicCharacter',
  'BrokenArray',
  'DividedHeredoc',
  'LinkedOwner',
  'EmptyGroup',
  'CarriageReturn',
  'IgnoreHabit',
  'UnknownImage',
  'OtherFrontend',
  'ProgramLog',
  'UnusedIgnore',
  'UnknownIgnore',
  'IgnoreWithoutReason',
] as const;

/** The code of an advice. */
export type AdviceCode = (typeof adviceCodes)[number];

/** BuildKit's lint rules. */
export type RuleName =
  | 'StageNameCasing'
  | 'FromAsCasing'
  | 'NoEmptyContinuation'
  | 'ConsistentInstructionCasing'
  | 'DuplicateStageName'
  | 'ReservedStageName'
  | 'JSONArgsRecommended'
  | 'MaintainerDeprecated'
  | 'UndefinedArgInFrom'
  | 'WorkdirRelativePath'
  | 'UndefinedVar'
  | 'MultipleInstructionsDisallowed'
  | 'LegacyKeyValueFormat'
  | 'InvalidBaseImagePlatform'
  | 'RedundantTargetPlatform'
  | 'SecretsUsedInArgOrEnv'
  | 'InvalidDefaultArgInFrom'
  | 'FromPlatformFlagConstDisallowed'
  | 'CopyIgnoredFile'
  | 'InvalidDefinitionDescription'
  | 'ExposeProtoCasing'
  | 'ExposeInvalidFormat';

/** tsfront's own lint rules (src/lint). They run in `tsfront check` and in editors, and never in a build. */
export type LintRuleName =
  | 'UntaggedBase'
  | 'LatestBase'
  | 'ForeignRegistry'
  | 'SecretInText'
  | 'SudoInRun'
  | 'LastUserRoot'
  | 'UnansweredInstall'
  | 'PackageCacheKept'
  | 'UpdateAlone'
  | 'AptInScript'
  | 'RecommendedPackages'
  | 'UnpinnedPackage'
  | 'CurlWithoutFail'
  | 'UncheckedPipe'
  | 'UncheckedHeredoc'
  | 'DownloadInRun'
  | 'WgetProgress'
  | 'CdDoesNotLast'
  | 'ServiceDoesNotLast'
  | 'ShellByLink'
  | 'HighUid'
  | 'AddOfLocalFile'
  | 'SeveralSourcesToFile'
  | 'CopyOfArchive'
  | 'CopyBeforeInstall'
  | 'CopyWithoutWorkdir'
  | 'ChangedAfterCopy'
  | 'RemovedInLaterLayer'
  | 'ConsecutiveRuns'
  | 'EnvUsesItself'
  | 'CaseCollision'
  | 'UnusedArg'
  | 'UnusedStage'
  | 'MissingHealthcheck';

/** The code of what does not stop a build: `tsfront.json` and comments can turn it off. */
export type WarningCode = AdviceCode | RuleName | LintRuleName;

/** The stable name of a problem: an error, advice that only people see, or a lint rule. */
export type DiagnosticCode = ErrorCode | WarningCode;
