/**
 * The lint rules, one table. Names, descriptions, addresses and messages go over the wire (build warnings, the lint
 * subrequest, `# check=skip=…`), so they are the Dockerfile frontend's own, to the byte.
 */
import { quote } from '../go/quote.ts';

/** A lint rule; `format` makes the message of one finding. */
export interface Rule<Args extends readonly string[] = readonly string[]> {
  readonly name: string;
  readonly description: string;
  /** '' where the rule has no page. */
  readonly url: string;
  format(...args: Args): string;
  /** Runs only where `experimental=` names it (or `all`), and then whatever `skip=` says. */
  readonly experimental: boolean;
  /** Never runs; the name stays known. */
  readonly deprecated: boolean;
}

function rule<Args extends readonly string[]>(
  name: string,
  description: string,
  format: (...args: Args) => string,
  more: Partial<Pick<Rule, 'url' | 'experimental' | 'deprecated'>> = {},
): Rule<Args> {
  const page = name.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
  const url = `https://docs.docker.com/go/dockerfile/rule/${page}/`;
  return { name, description, url, format, experimental: false, deprecated: false, ...more };
}

const didYouMean = (name: string): string => (name === '' ? '' : ` (did you mean ${name}?)`);

export const stageNameCasing = rule(
  'StageNameCasing',
  'Stage names should be lowercase',
  (stage: string) => `Stage name '${stage}' should be lowercase`,
);

export const fromAsCasing = rule(
  'FromAsCasing',
  "The 'as' keyword should match the case of the 'from' keyword",
  (from: string, as: string) => `'${as}' and '${from}' keywords' casing do not match`,
);

export const noEmptyContinuation = rule(
  'NoEmptyContinuation',
  'Empty continuation lines will become errors in a future release',
  () => 'Empty continuation line',
);

export const consistentInstructionCasing = rule(
  'ConsistentInstructionCasing',
  'All commands within the Dockerfile should use the same casing (either upper or lower)',
  (keyword: string, casing: string) => `Command '${keyword}' should match the case of the command majority (${casing})`,
);

export const duplicateStageName = rule(
  'DuplicateStageName',
  'Stage names should be unique',
  (stage: string) => `Duplicate stage name ${quote(stage)}, stage names should be unique`,
);

export const reservedStageName = rule(
  'ReservedStageName',
  'Reserved words should not be used as stage names',
  (stage: string) => `Stage name should not use the same name as reserved stage ${quote(stage)}`,
);

export const jsonArgsRecommended = rule(
  'JSONArgsRecommended',
  'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
  (keyword: string) => `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`,
);

export const maintainerDeprecated = rule(
  'MaintainerDeprecated',
  'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
  () => 'Maintainer instruction is deprecated in favor of using label',
);

export const undefinedArgInFrom = rule(
  'UndefinedArgInFrom',
  'FROM command must use declared ARGs',
  (name: string, suggestion: string) => `FROM argument '${name}' is not declared${didYouMean(suggestion)}`,
);

export const workdirRelativePath = rule(
  'WorkdirRelativePath',
  'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
  (path: string) => `Relative workdir ${quote(path)} can have unexpected results if the base image changes`,
);

export const undefinedVar = rule(
  'UndefinedVar',
  'Variables should be defined before their use',
  (name: string, suggestion: string) =>
    `Usage of undefined variable '$${name}'${didYouMean(suggestion === '' ? '' : `$${suggestion}`)}`,
);

export const multipleInstructionsDisallowed = rule(
  'MultipleInstructionsDisallowed',
  'Multiple instructions of the same type should not be used in the same stage',
  (keyword: string) =>
    `Multiple ${keyword} instructions should not be used in the same stage because only the last one will be used`,
);

export const legacyKeyValueFormat = rule(
  'LegacyKeyValueFormat',
  'Legacy key/value format with whitespace separator should not be used',
  (keyword: string) => `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`,
);

export const invalidBaseImagePlatform = rule(
  'InvalidBaseImagePlatform',
  'Base image platform does not match expected target platform',
  (image: string, expected: string, actual: string) =>
    `Base image ${image} was pulled with platform ${quote(actual)}, expected ${quote(expected)} for current build`,
  { url: '' },
);

export const redundantTargetPlatform = rule(
  'RedundantTargetPlatform',
  'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  (expression: string) =>
    `Setting platform to predefined ${expression} in FROM is redundant as this is the default behavior`,
);

export const secretsUsedInArgOrEnv = rule(
  'SecretsUsedInArgOrEnv',
  'Sensitive data should not be used in the ARG or ENV commands',
  (instruction: string, key: string) =>
    `Do not use ARG or ENV instructions for sensitive data (${instruction} ${quote(key)})`,
);

export const invalidDefaultArgInFrom = rule(
  'InvalidDefaultArgInFrom',
  'Default value for global ARG results in an empty or invalid base image name',
  (image: string) => `Default value for ARG ${image} results in empty or invalid base image name`,
);

export const fromPlatformFlagConstDisallowed = rule(
  'FromPlatformFlagConstDisallowed',
  'FROM --platform flag should not use a constant value',
  (platform: string) => `FROM --platform flag should not use constant value ${quote(platform)}`,
);

export const copyIgnoredFile = rule(
  'CopyIgnoredFile',
  'Attempting to Copy file that is excluded by .dockerignore',
  (command: string, file: string) => `Attempting to ${command} file ${quote(file)} that is excluded by .dockerignore`,
);

export const invalidDefinitionDescription = rule(
  'InvalidDefinitionDescription',
  'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
  (instruction: string, name: string) =>
    `Comment for ${instruction} should follow the format: \`# ${name} <description>\``,
  { experimental: true },
);

export const exposeProtoCasing = rule(
  'ExposeProtoCasing',
  'Protocol in EXPOSE instruction should be lowercase',
  (port: string) => `Defined protocol '${port}' in EXPOSE instruction should be lowercase`,
);

export const exposeInvalidFormat = rule(
  'ExposeInvalidFormat',
  'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
  (port: string) => `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`,
);

/** Every rule, in the order of the Dockerfile frontend's own list. */
export const rules: readonly Rule<never>[] = [
  stageNameCasing,
  fromAsCasing,
  noEmptyContinuation,
  consistentInstructionCasing,
  duplicateStageName,
  reservedStageName,
  jsonArgsRecommended,
  maintainerDeprecated,
  undefinedArgInFrom,
  workdirRelativePath,
  undefinedVar,
  multipleInstructionsDisallowed,
  legacyKeyValueFormat,
  invalidBaseImagePlatform,
  redundantTargetPlatform,
  secretsUsedInArgOrEnv,
  invalidDefaultArgInFrom,
  fromPlatformFlagConstDisallowed,
  copyIgnoredFile,
  invalidDefinitionDescription,
  exposeProtoCasing,
  exposeInvalidFormat,
];
