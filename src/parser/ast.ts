/**
 * The abstract syntax of a Dockerfile: a discriminated union on `kind`, plain readonly objects.
 *
 * Words are kept as written (quotes, escapes and `$variables` in place, line continuations removed): expansion needs
 * the build's variables and belongs to lowering. Names follow the Dockerfile reference.
 */
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { LineRange, SourceFile, SourceRange } from '../diagnostic/source-file.ts';

/** The character that escapes others and continues lines. */
export type EscapeToken = '\\' | '`';

/** A parsed Dockerfile, valid or not. */
export interface Dockerfile {
  /** Tells nodes apart. */
  readonly kind: 'dockerfile';
  /** The text that offsets point into. */
  readonly source: SourceFile;
  /** The escape character, `\\` unless an `# escape=` directive sets another. */
  readonly escape: EscapeToken;
  /** Parser directives in effect for the Dockerfile itself (`# syntax=`, `# escape=`, `# check=`). */
  readonly directives: readonly Directive[];
  /** All instructions in file order, including those with errors. */
  readonly instructions: readonly Instruction[];
  /** ARG instructions before the first FROM. */
  readonly metaArgs: readonly ArgInstruction[];
  /** In file order. */
  readonly stages: readonly Stage[];
  /**
   * All errors, in the order in which the reference finds them: its first error is the first one here. Findings of lint
   * rules are not among them.
   */
  readonly diagnostics: readonly Diagnostic[];
  /** The empty lines inside instructions, in file order. A lint rule reports them. */
  readonly emptyContinuations: readonly EmptyContinuation[];
}

/** An empty line inside an instruction. If an instruction has several, it is the last of them. */
export interface EmptyContinuation {
  /** The empty line. */
  readonly range: SourceRange;
  /** The last line of the instruction, where the reference reports it. */
  readonly lines: LineRange;
}

/** A parser directive. */
export interface Directive {
  readonly kind: 'directive';
  /** The name of the directive. */
  readonly name: 'syntax' | 'escape' | 'check';
  /** Everything after `=`, without surrounding blanks. */
  readonly value: string;
  /** The whole line. */
  readonly range: SourceRange;
  /** Its line, from 1. */
  readonly line: number;
}

/** A build stage: a FROM and the instructions up to the next one. */
export interface Stage {
  readonly kind: 'stage';
  /** The name given with AS, in lower case; '' if absent. */
  readonly name: string;
  /** The instruction that begins the stage. */
  readonly from: FromInstruction;
  /** The instructions after the FROM. */
  readonly instructions: readonly StageInstruction[];
}

/** A word of an instruction. */
export interface Word {
  /** The text as in the file: with quotes, escapes and `$variables`, but without line continuations. */
  readonly text: string;
  /** Its place in the file. */
  readonly range: SourceRange;
}

/** A flag, `--name` or `--name=value`. */
export interface Flag {
  /** Without the leading `--`. */
  readonly name: string;
  /** The value with quotes and escapes resolved; undefined if there is no `=`. */
  readonly value: string | undefined;
  /** The whole flag. */
  readonly range: SourceRange;
}

/** A here-document attached to an instruction. */
export interface Heredoc {
  /** The delimiter, without quotes. */
  readonly name: string;
  /** The file descriptor number before `<<`; 0 if absent. */
  readonly fileDescriptor: number;
  /** Whether variables in the content are expanded; false if the name is quoted. */
  readonly expand: boolean;
  /** Whether it is `<<-`: leading tabs of the content are removed when it is used. */
  readonly chomp: boolean;
  /** The content as in the file, with leading tabs and line endings. */
  readonly content: string;
  /** The lines between the instruction and the delimiter. */
  readonly contentRange: SourceRange;
}

/** The fields of all instructions. */
export interface InstructionBase {
  /** The keyword as written, e.g. `From`. */
  readonly keyword: string;
  /** Whole instruction, heredocs included. */
  readonly range: SourceRange;
  /** The keyword alone. */
  readonly keywordRange: SourceRange;
  /** First and last line, heredocs included. A trigger of ONBUILD has the lines of the FROM that it runs for. */
  readonly lines: LineRange;
  /** The logical line in the reference's form: continuations joined, comments removed, trimmed. */
  readonly code: string;
  /** Comment lines directly above, without `#` and blanks; an empty comment line starts a new list. */
  readonly comments: readonly string[];
  /** The flags in the order in which they are given. */
  readonly flags: readonly Flag[];
}

/** FROM begins a stage. */
export interface FromInstruction extends InstructionBase {
  readonly kind: 'from';
  /** The base: an image, a stage, or `scratch`. */
  readonly image: Word;
  /** The keyword AS and the name, both as written; undefined if absent. */
  readonly as: { readonly keyword: Word; readonly name: Word } | undefined;
  /** Value of --platform; '' if absent. */
  readonly platform: string;
  /** Description from a comment `# <stage name> text` above. */
  readonly docComment: string;
}

/** A pair of ENV or LABEL. */
export interface KeyValue {
  /** The name as written. */
  readonly key: string;
  /** The value as written. */
  readonly value: string;
  /** Whether it has the legacy form `ENV key value`. */
  readonly noDelim: boolean;
  /** From the key to the end of the value. */
  readonly range: SourceRange;
}

/** An argument that ARG declares. */
export interface ArgDefinition {
  /** The name of the argument. */
  readonly key: string;
  /** The default as written; undefined if there is no `=`. */
  readonly value: string | undefined;
  /** Description from a comment `# <name> text` above; '' if absent. */
  readonly docComment: string;
  /** From the name to the end of the default. */
  readonly range: SourceRange;
}

/** ARG declares build arguments. */
export interface ArgInstruction extends InstructionBase {
  readonly kind: 'arg';
  /** The arguments in order. */
  readonly args: readonly ArgDefinition[];
}

/** ENV sets environment variables. */
export interface EnvInstruction extends InstructionBase {
  readonly kind: 'env';
  /** The variables in order. */
  readonly pairs: readonly KeyValue[];
}

/** LABEL sets labels of the image. */
export interface LabelInstruction extends InstructionBase {
  readonly kind: 'label';
  /** The labels in order. */
  readonly pairs: readonly KeyValue[];
}

/** MAINTAINER sets the author; deprecated. */
export interface MaintainerInstruction extends InstructionBase {
  readonly kind: 'maintainer';
  /** The author as written. */
  readonly maintainer: string;
}

/** A file given inline (COPY <<name, ADD <<name). */
export interface SourceContent {
  /** The name of the file: the delimiter of the here-document. */
  readonly path: string;
  /** The content; for `<<-` without its leading tabs. */
  readonly data: string;
  /** Whether variables in the content are expanded: not if the delimiter is quoted. */
  readonly expand: boolean;
}

interface SourcesAndDest {
  /** Sources by name, in order. */
  readonly sources: readonly Word[];
  /** Sources that are here-documents. */
  readonly contents: readonly SourceContent[];
  readonly dest: Word;
}

/** The flags that COPY and ADD share. A text is '' if the flag is absent. */
export interface FileFlags {
  /** `USER[:GROUP]`, by name or number. */
  readonly chown: string;
  /** Octal digits, or a symbolic mode such as `u=rwX,go=rX`. */
  readonly chmod: string;
  /** Whether to copy into a separate layer; false if absent. */
  readonly link: boolean;
  /** Patterns of files that are not copied. */
  readonly exclude: readonly string[];
}

/** The flags of COPY. A text is '' if the flag is absent. */
export interface CopyFlags extends FileFlags {
  /** A stage, an image or a named context; '' for the main context. */
  readonly from: string;
  /** Whether to keep the parent directories of the sources; false if absent. */
  readonly parents: boolean;
}

/** The flags of ADD. A text is '' if the flag is absent. */
export interface AddFlags extends FileFlags {
  /** Digest of an http source or commit of a git source; '' if absent. */
  readonly checksum: string;
  /** Whether to keep `.git`; undefined if absent: then the address decides. */
  readonly keepGitDir: boolean | undefined;
  /** Whether to unpack archives; undefined if absent: then local archives are unpacked and downloads are not. */
  readonly unpack: boolean | undefined;
}

/** COPY copies files of a context, stage or image. */
export interface CopyInstruction extends InstructionBase, SourcesAndDest, CopyFlags {
  readonly kind: 'copy';
}

/** ADD adds files of the context, repositories and downloads. */
export interface AddInstruction extends InstructionBase, SourcesAndDest, AddFlags {
  readonly kind: 'add';
}

/** A command line in shell form (one string) or exec form (JSON). */
interface ShellDependent {
  /** One string in shell form, the elements of the array in exec form. */
  readonly args: readonly string[];
  /** Whether it is in shell form, which runs through SHELL. */
  readonly shellForm: boolean;
}

/** The types of `RUN --mount`. */
export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

/** A device of RUN --device. */
export interface Device {
  /** A CDI device name such as `vendor.com/class=name`. */
  readonly name: string;
  /** Whether the build fails without the device. false if absent. */
  readonly required: boolean;
}

/** RUN runs a command. */
export interface RunInstruction extends InstructionBase, ShellDependent {
  readonly kind: 'run';
  /** Here-documents of the command, in order. */
  readonly heredocs: readonly Heredoc[];
  /** Values of --mount as written; `parseMount` parses one. Lowering expands its variables. */
  readonly mounts: readonly Word[];
  /** The `from` of each mount; '' if absent. It must not contain variables. */
  readonly mountFroms: readonly string[];
  /** `default` if absent. */
  readonly network: 'default' | 'none' | 'host';
  /** `sandbox` if absent. */
  readonly security: 'sandbox' | 'insecure';
  /** One for each `--device`. */
  readonly devices: readonly Device[];
}

/** CMD sets the default command of containers. */
export interface CmdInstruction extends InstructionBase, ShellDependent {
  readonly kind: 'cmd';
}

/** ENTRYPOINT sets the program of containers. */
export interface EntrypointInstruction extends InstructionBase, ShellDependent {
  readonly kind: 'entrypoint';
}

/** A health check. Durations are in nanoseconds. */
export interface Healthcheck {
  /** `NONE`, or `CMD` or `CMD-SHELL` and the command. */
  readonly test: readonly string[];
  /** Time between two checks; 0 if absent, which means the engine's default. */
  readonly interval: bigint;
  /** Timeout of a check in nanoseconds; 0 if absent. */
  readonly timeout: bigint;
  /** Time after the start in nanoseconds during which failures do not count; 0 if absent. */
  readonly startPeriod: bigint;
  /** Time between two checks in the start period; 0 if absent. */
  readonly startInterval: bigint;
  /** Failures in a row that make a container unhealthy; 0 if absent. */
  readonly retries: number;
}

/** HEALTHCHECK sets how containers are checked. */
export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: 'healthcheck';
  /** The check that the instruction sets. */
  readonly healthcheck: Healthcheck;
}

/** EXPOSE lists the ports of containers. */
export interface ExposeInstruction extends InstructionBase {
  readonly kind: 'expose';
  /** The words for ports, in byte order, as the reference sorts them. */
  readonly ports: readonly string[];
  /** The place of each. */
  readonly portRanges: readonly SourceRange[];
}

/** USER sets the user of the following commands and of containers. */
export interface UserInstruction extends InstructionBase {
  readonly kind: 'user';
  /** `USER[:GROUP]` as written. */
  readonly user: string;
}

/** WORKDIR sets the working directory of the following commands and of containers. */
export interface WorkdirInstruction extends InstructionBase {
  readonly kind: 'workdir';
  /** The path as written; relative to the working directory before it. */
  readonly path: string;
}

/** VOLUME lists the mount points of containers. */
export interface VolumeInstruction extends InstructionBase {
  readonly kind: 'volume';
  /** Paths as written. */
  readonly volumes: readonly string[];
  /** The place of each. */
  readonly volumeRanges: readonly SourceRange[];
}

/** STOPSIGNAL sets the signal that stops containers. */
export interface StopSignalInstruction extends InstructionBase {
  readonly kind: 'stopsignal';
  /** A name or a number, as written. */
  readonly signal: string;
  /** Its place. */
  readonly signalRange: SourceRange;
}

/** SHELL sets the shell of commands in shell form. */
export interface ShellInstruction extends InstructionBase {
  readonly kind: 'shell';
  /** The program and its first arguments. */
  readonly shell: readonly string[];
}

/** ONBUILD stores a trigger for builds on the image. */
export interface OnbuildInstruction extends InstructionBase {
  readonly kind: 'onbuild';
  /** The trigger as it is stored in the image config. */
  readonly expression: string;
}

/** An instruction that has errors (see the diagnostics) or is unknown. */
export interface InvalidInstruction extends InstructionBase {
  readonly kind: 'invalid';
}

/** An instruction inside a stage. */
export type StageInstruction =
  | AddInstruction
  | ArgInstruction
  | CmdInstruction
  | CopyInstruction
  | EntrypointInstruction
  | EnvInstruction
  | ExposeInstruction
  | HealthcheckInstruction
  | LabelInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | RunInstruction
  | ShellInstruction
  | StopSignalInstruction
  | UserInstruction
  | VolumeInstruction
  | WorkdirInstruction;

/** Any instruction. */
export type Instruction = FromInstruction | StageInstruction | InvalidInstruction;
