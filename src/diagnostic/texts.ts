/**
 * What is wrong and what to do, for each code: the texts of docs/errors.md, and the hints of problems that have no
 * other. The frontend, which starts for every build, does not bundle them.
 */
import type { AdviceCode, ErrorCode, RuleName } from './codes.ts';

interface CodeText {
  /** What is wrong, as a sentence. */
  readonly title: string;
  /** What to do about it. */
  readonly advice: string;
}

/** The texts about errors, by code. */
export const errorTexts: Readonly<Record<ErrorCode, CodeText>> = {
  'line-too-long': {
    title: 'A line is longer than BuildKit can read.',
    advice: 'Split the line, or keep the data in a file and COPY it.',
  },
  'too-many-instructions': {
    title: 'The file has more instructions than a build can have.',
    advice: 'Check that the file is a Dockerfile. If it is, split it.',
  },
  'too-many-words': {
    title: 'The file has more words or flags than tsfront reads.',
    advice: 'Split the file, or name a directory or a pattern instead of single files.',
  },
  'bad-directive': {
    title: 'A parser directive has an invalid value or occurs twice.',
    advice: 'Write each directive once. The value of `escape` is a backslash or a backtick.',
  },
  'unterminated-heredoc': {
    title: 'A here-document is not terminated.',
    advice: 'End it with a line that contains its name and nothing else.',
  },
  'bad-heredoc-name': {
    title: 'The name of a here-document is invalid.',
    advice: 'Close its quotes.',
  },
  'missing-value': {
    title: 'A name has no value.',
    advice: 'Write `name=value`.',
  },
  'missing-equals': {
    title: 'One of several pairs does not contain `=`.',
    advice: 'Write `name=value`. Put quotes around a value that contains blanks.',
  },
  'bad-array-element': {
    title: 'A JSON array contains an element that is not a string.',
    advice: 'Put the element in double quotes.',
  },
  'no-instructions': {
    title: 'The file contains no instructions.',
    advice: 'Begin it with FROM.',
  },
  'empty-dockerfile': {
    title: 'The Dockerfile is empty.',
    advice: 'Begin it with FROM.',
  },
  'unknown-instruction': {
    title: 'A line begins with a word that is not an instruction.',
    advice: 'Correct the word. If the line continues the one above it, end that one with the escape character.',
  },
  'unknown-flag': {
    title: 'An instruction does not support one of its flags.',
    advice: 'Use one of the flags that the instruction has, or remove it.',
  },
  'repeated-flag': {
    title: 'A flag occurs twice.',
    advice: 'Remove one of the two.',
  },
  'missing-flag-value': {
    title: 'A flag has no value.',
    advice: 'Write `--name=value`.',
  },
  'bad-flag-value': {
    title: 'A boolean flag has a value that is not a boolean.',
    advice: 'Write `true` or `false`, or write the flag without a value.',
  },
  'bad-arguments': {
    title: 'An instruction has too few or too many arguments.',
    advice: 'Write the arguments that the message names.',
  },
  'bad-stage-name': {
    title: 'The name of a stage contains characters that are not allowed.',
    advice: 'Begin the name with a letter. Letters, digits, `-`, `_` and `.` may follow.',
  },
  'bad-trigger': {
    title: 'ONBUILD is followed by an instruction that cannot be a trigger.',
    advice: 'Use another instruction. FROM, MAINTAINER and ONBUILD cannot be triggers.',
  },
  'bad-healthcheck-type': {
    title: 'HEALTHCHECK has neither CMD nor NONE.',
    advice: 'Write CMD before the command.',
  },
  'bad-duration': {
    title: 'A duration is invalid or too short.',
    advice: 'Write a number with a unit, such as `30s` or `1m30s`.',
  },
  'bad-retries': {
    title: 'The number of retries is not a number, or is negative.',
    advice: 'Write 0 or a greater number.',
  },
  'blank-name': {
    title: 'A variable or label has no name.',
    advice: 'Write `name=value`.',
  },
  'blank-volume': {
    title: 'A volume has no path.',
    advice: 'Write a path. If the path is a variable, set that variable.',
  },
  'bad-mount': {
    title: 'A mount of RUN is invalid.',
    advice: 'Correct the option that the message names.',
  },
  'bad-device': {
    title: 'A device of RUN is invalid.',
    advice: 'Write `--device=vendor/class=name`.',
  },
  'bad-network': {
    title: 'RUN has a network mode that does not exist.',
    advice: 'Write `default`, `none` or `host`.',
  },
  'bad-security': {
    title: 'RUN has a security mode that does not exist.',
    advice: 'Write `sandbox` or `insecure`.',
  },
  'heredoc-as-destination': {
    title: 'COPY or ADD has a here-document in place of its destination.',
    advice: 'Put the destination last.',
  },
  'no-stage': {
    title: 'An instruction precedes the first FROM.',
    advice: 'Move it below FROM. Only ARG may precede FROM.',
  },
  'blank-base-name': {
    title: 'The name of the base image of a stage is empty.',
    advice: 'If the name is an ARG, give that ARG a value.',
  },
  'bad-platform': {
    title: 'A platform is invalid.',
    advice: 'Write `os/architecture`, such as `linux/arm64`.',
  },
  'bad-substitution': {
    title: 'A word with variables cannot be expanded.',
    advice: 'Close its quotes and braces, and set the variables that it requires.',
  },
  'bad-epoch': {
    title: 'The value of SOURCE_DATE_EPOCH is not a time.',
    advice: 'Write seconds, `context`, or the name of a stage that only downloads one source.',
  },
  'bad-check-options': {
    title: 'The options of `# check=` are invalid.',
    advice: 'Write `skip=RULE,RULE`, `error=true` or `experimental=all`, separated by semicolons.',
  },
  'bad-lint-config': {
    title: 'The configuration file `tsfront.json` is not valid.',
    advice: 'Correct the value that the message names. `tsfront.schema.json` describes the file to editors.',
  },
  'lint-violation': {
    title: 'A lint rule is violated, and this build fails on violations.',
    advice: 'Fix what the warnings name, or skip the rule with `# check=skip=RULE`.',
  },
  'unknown-target': {
    title: 'The target stage does not exist.',
    advice: 'Name one of the stages of the file.',
  },
  'variable-in-from': {
    title: '`--from` contains a variable, but variables are not expanded there.',
    advice: 'Define a stage with FROM and the variable, and copy from that stage.',
  },
  'unknown-stage-index': {
    title: '`--from` has the number of a stage that does not exist.',
    advice: 'Use the name of the stage.',
  },
  'circular-dependency': {
    title: 'Stages copy from each other in a circle.',
    advice: 'Move what both stages need into a third stage.',
  },
  'bad-image-name': {
    title: 'The name of an image is invalid.',
    advice: 'Write `name:tag` in lower case. If the registry is not Docker Hub, put it before the name.',
  },
  'unresolved-image': {
    title: 'An image cannot be resolved.',
    advice: 'Correct its name or tag, log in to its registry, or write the name of the stage that is meant.',
  },
  'bad-image-config': {
    title: 'The config of an image cannot be read.',
    advice: 'Use another image. This one is damaged or is not a container image.',
  },
  'too-many-triggers': {
    title: 'ONBUILD triggers add more instructions than a build can have.',
    advice: 'Use a base image with fewer triggers.',
  },
  'stage-not-ready': {
    title: 'An instruction reads from a stage that is defined below it.',
    advice: 'Move that stage above the instruction.',
  },
  'bad-source': {
    title: 'COPY or ADD does not support the kind of one of its sources.',
    advice: 'Use ADD for addresses and repositories, and COPY for files.',
  },
  'bad-checksum': {
    title: 'A checksum does not match its sources.',
    advice: 'Write one checksum, for one source that is downloaded.',
  },
  'bad-mode': {
    title: 'A file mode is invalid.',
    advice: 'Write octal digits, such as `0755`, or a symbolic mode, such as `u=rwX,go=rX`.',
  },
  'bad-path': {
    title: 'A path is not valid on the platform of the image.',
    advice: 'Write a path of that operating system.',
  },
  'bad-port': {
    title: 'EXPOSE has an invalid port.',
    advice: 'Write `port`, `port/protocol` or `first-last`.',
  },
  'bad-signal': {
    title: 'STOPSIGNAL has a signal that does not exist.',
    advice: 'Write its name, such as `SIGTERM`, or its number.',
  },
  'bad-instruction': {
    title: 'An instruction is invalid.',
    advice: 'Correct what the message names.',
  },
  'bad-ignore-file': {
    title: 'The ignore file contains an invalid pattern.',
    advice: 'Correct the pattern that the message names.',
  },
  'bad-lock-file': {
    title: 'The lock file of the Dockerfile cannot be read.',
    advice: 'Write it again with `tsfront lock`.',
  },
  'bad-lock-mode': {
    title: 'The build argument TSFRONT_LOCK or the directive `# lock=` has an invalid value.',
    advice: 'Write `use`, `frozen` or `off`.',
  },
  'unlocked-source': {
    title: 'The build takes a source that is not locked, and asks that all sources be locked.',
    advice: 'Run `tsfront lock` and commit the lock file.',
  },
  'unresolved-source': {
    title: 'A lock cannot be made, because nobody gives a source that the build takes.',
    advice:
      'Correct its address, or see to the network (without `--offline`) and the credentials. Nothing is written until all are found.',
  },
  'missing-source': {
    title: 'A source of COPY, ADD or a mount is not in the context.',
    advice: 'Correct the path, which starts at the root of the context, or make the file before the build.',
  },
  'program-syntax': {
    title: 'A module of a build program is not valid TypeScript or JavaScript.',
    advice: 'Correct the line that the error shows.',
  },
  'program-import': {
    title: 'A module of a build program imports something that does not exist or that a program cannot import.',
    advice: 'Import files beside the program, or bundle what comes from elsewhere.',
  },
  'program-failed': {
    title: 'A build program threw an error.',
    advice: 'Read the message. The error shows the line of the program.',
  },
  build: {
    title: 'The build fails for a reason outside the Dockerfile.',
    advice: 'Read the message. It comes from the daemon, a registry or this machine.',
  },
};

/** The texts about advice, by code. */
export const adviceTexts: Readonly<Record<AdviceCode, CodeText>> = {
  HiddenCharacter: {
    title: 'An instruction contains an invisible character.',
    advice: 'Delete it, or write the character that is meant.',
  },
  TypographicCharacter: {
    title: 'A character resembles a plain one, but programs do not read it as that one.',
    advice: 'Write the plain character.',
  },
  BrokenArray: {
    title: 'Text that looks like a JSON array is not one, and is read as plain text.',
    advice: 'Write an array of strings in double quotes.',
  },
  DividedHeredoc: {
    title: 'A blank separates the `<<` of a here-document from its name.',
    advice: 'Delete the blank.',
  },
  LinkedOwner: {
    title: '`--chown` names a user, but with `--link` the users of the image are not known.',
    advice: 'Write numbers, or remove `--link`.',
  },
  EmptyGroup: {
    title: '`--chown=user:` means a different group in later versions of the Dockerfile frontend.',
    advice: 'Write the group.',
  },
  CarriageReturn: {
    title: 'The lines of a script end with CR LF.',
    advice: 'Save the file with LF line endings.',
  },
  IgnoreHabit: {
    title: 'A pattern of the ignore file has a different meaning in `.gitignore` or in a shell.',
    advice: 'Write it as Docker reads it: from the root of the context, with `**/` for any directory.',
  },
  ProgramLog: {
    title: 'A build program wrote this to the console.',
    advice: 'It is for your information.',
  },
  UnknownImage: {
    title: 'A name is neither a stage nor a known image, but resembles the name of a stage.',
    advice: 'Correct the name.',
  },
  OtherFrontend: {
    title: 'The file names a frontend that needs a daemon, so another one reads it.',
    advice: 'Build it on a daemon if the frontends differ.',
  },
  UnusedIgnore: {
    title: 'A comment `# tsfront-ignore` names a rule that finds nothing there.',
    advice: 'Remove the name, or the comment.',
  },
  UnknownIgnore: {
    title: 'A comment `# tsfront-ignore` names no rule, or one that does not exist.',
    advice: 'Correct the name. Errors cannot be hidden.',
  },
  IgnoreWithoutReason: {
    title: 'A comment `# tsfront-ignore` does not say why.',
    advice: 'Write the reason after a colon.',
  },
};

/** What to do about a finding of BuildKit's rules. The rules describe themselves (src/buildkit-rules/rules). */
export const ruleAdvice: Readonly<Record<RuleName, string>> = {
  StageNameCasing: 'Write the name in lower case, also where it is used.',
  FromAsCasing: 'Write FROM and AS alike: both in upper case, or both in lower case.',
  NoEmptyContinuation: 'Remove the empty line, or make it a comment.',
  ConsistentInstructionCasing: 'Write all instructions in upper case, or all in lower case: `tsfront fmt` does.',
  DuplicateStageName: 'Give each stage a name of its own: only the last one can be referred to.',
  ReservedStageName: 'Give the stage another name.',
  JSONArgsRecommended:
    'Write an array, such as `["program", "argument"]`. If a shell is wanted, name it with SHELL in this stage.',
  MaintainerDeprecated: 'Write `LABEL org.opencontainers.image.authors="NAME"`.',
  UndefinedArgInFrom: 'Declare it with ARG above the first FROM.',
  WorkdirRelativePath: 'Write an absolute path, or an absolute WORKDIR above it in this stage.',
  UndefinedVar: 'Declare it with ARG or ENV in this stage, above its use.',
  MultipleInstructionsDisallowed: 'Remove all but the last one: only that has an effect.',
  LegacyKeyValueFormat: 'Write `name=value`.',
  InvalidBaseImagePlatform:
    'Use an image that exists for the platform, or name the platform of the image with --platform.',
  RedundantTargetPlatform: 'Remove --platform.',
  SecretsUsedInArgOrEnv:
    'Give the secret to the RUN that needs it: `RUN --mount=type=secret,id=NAME,env=NAME`. An image keeps ARG and ENV.',
  InvalidDefaultArgInFrom: 'Give the ARG a default with which the name of the image is valid.',
  FromPlatformFlagConstDisallowed: 'Remove --platform, or write a variable, such as `--platform=$BUILDPLATFORM`.',
  CopyIgnoredFile: 'Change the pattern of the ignore file, or remove the source.',
  InvalidDefinitionDescription:
    'Begin the comment with the name of the stage or argument below it, or put an empty line between the two.',
  ExposeProtoCasing: 'Write the protocol in lower case.',
  ExposeInvalidFormat:
    'Write the port of the container alone: addresses and ports of the host are options of `docker run --publish`.',
};
