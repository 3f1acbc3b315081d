/**
 * The abstract syntax of a Dockerfile: a discriminated union on `kind`, plain readonly objects.
 *
 * Words are kept as written (quotes, escapes and `$variables` in place, line continuations removed): expansion needs the
 * build's variables and belongs to lowering. Names follow the Dockerfile reference.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { LineRange, SourceFile, SourceRange } from './source.ts';

export type EscapeToken = '\\' | '`';

export interface Dockerfile {
  readonly kind: 'dockerfile';
  readonly source: SourceFile;
  readonly escape: EscapeToken;
  /** Parser directives in effect for the Dockerfile itself (`# syntax=`, `# escape=`, `# check=`). */
  readonly directives: readonly Directive[];
  /** All instructions in file order, those that could not be understood included. */
  readonly instructions: readonly Instruction[];
  /** ARG instructions before the first FROM. */
  readonly metaArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  /**
   * All problems, those first that the reference frontend meets first: its first error is the first error here.
   * Warnings of the parser proper (empty continuation lines) are here as well; lint rules over the AST are not.
   */
  readonly diagnostics: readonly Diagnostic[];
}

export interface Directive {
  readonly kind: 'directive';
  readonly name: 'syntax' | 'escape' | 'check';
  /** Everything after `=`, without surrounding blanks. */
  readonly value: string;
  readonly range: SourceRange;
  readonly line: number;
}

/** A build stage: a FROM and what follows it. */
export interface Stage {
  readonly kind: 'stage';
  /** Lower-case name given with AS, or '' if it has none. */
  readonly name: string;
  readonly from: FromInstruction;
  readonly instructions: readonly StageInstruction[];
}

export interface Word {
  readonly text: string;
  readonly range: SourceRange;
}

/** `--name=value` as given; `value` is undefined when there is no `=`. */
export interface Flag {
  readonly name: string;
  readonly value: string | undefined;
  readonly range: SourceRange;
}

/** A here-document attached to an instruction. */
export interface Heredoc {
  readonly name: string;
  /** The file descriptor number written before `<<`, 0 if none. */
  readonly fileDescriptor: number;
  /** False when the name was quoted: the content is taken literally. */
  readonly expand: boolean;
  /** `<<-`: leading tabs of the content are dropped when it is used. */
  readonly chomp: boolean;
  /** Content as in the file (tabs kept), with its line endings. */
  readonly content: string;
  readonly contentRange: SourceRange;
}

interface InstructionBase {
  /** The keyword as written, e.g. `From`. */
  readonly keyword: string;
  /** Whole instruction, heredocs included. */
  readonly range: SourceRange;
  readonly keywordRange: SourceRange;
  /** First and last line, heredocs included. Triggers of ONBUILD carry those of the FROM they run for. */
  readonly lines: LineRange;
  /** The logical line as the reference keeps it: continuations joined, comments dropped, trimmed. */
  readonly code: string;
  /** Comment lines directly above, without `#` and blanks; an empty comment line starts the list anew. */
  readonly comments: readonly string[];
  readonly flags: readonly Flag[];
}

export interface FromInstruction extends InstructionBase {
  readonly kind: 'from';
  readonly image: Word;
  /** AS keyword as written and the name as written. */
  readonly as: { readonly keyword: Word; readonly name: Word } | undefined;
  /** Value of --platform, '' if not given. */
  readonly platform: string;
  /** Description from a comment `# <stage name> text` above. */
  readonly docComment: string;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** True for the legacy form `ENV key value`. */
  readonly noDelim: boolean;
  readonly range: SourceRange;
}

export interface ArgDefinition {
  readonly key: string;
  /** Default as written; undefined when there is no `=`. */
  readonly value: string | undefined;
  readonly docComment: string;
  readonly range: SourceRange;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: 'arg';
  readonly args: readonly ArgDefinition[];
}

export interface EnvInstruction extends InstructionBase {
  readonly kind: 'env';
  readonly pairs: readonly KeyValue[];
}

export interface LabelInstruction extends InstructionBase {
  readonly kind: 'label';
  readonly pairs: readonly KeyValue[];
}

export interface MaintainerInstruction extends InstructionBase {
  readonly kind: 'maintainer';
  readonly maintainer: string;
}

/** A file given inline (COPY <<name, ADD <<name). */
export interface SourceContent {
  readonly path: string;
  /** Content with tabs already dropped for `<<-`. */
  readonly data: string;
  readonly expand: boolean;
}

interface SourcesAndDest {
  readonly sources: readonly Word[];
  readonly contents: readonly SourceContent[];
  readonly dest: Word;
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly exclude: readonly string[];
}

export interface CopyInstruction extends InstructionBase, SourcesAndDest {
  readonly kind: 'copy';
  /** Value of --from, '' if not given. */
  readonly from: string;
  readonly parents: boolean;
}

export interface AddInstruction extends InstructionBase, SourcesAndDest {
  readonly kind: 'add';
  readonly checksum: string;
  /** undefined when the flag was not given. */
  readonly keepGitDir: boolean | undefined;
  readonly unpack: boolean | undefined;
}

/** A command line in shell form (one string) or exec form (JSON). */
interface ShellDependent {
  readonly args: readonly string[];
  /** True in shell form: SHELL is put in front. */
  readonly shellForm: boolean;
}

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

/** A RUN --device. */
export interface Device {
  readonly name: string;
  readonly required: boolean;
}

export interface RunInstruction extends InstructionBase, ShellDependent {
  readonly kind: 'run';
  readonly heredocs: readonly Heredoc[];
  /** Values of --mount as written; `parseMount` reads one, at parse time without and when lowering with variables. */
  readonly mounts: readonly Word[];
  /** `from` of each mount ('' if it has none), which may not contain variables. */
  readonly mountFroms: readonly string[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly devices: readonly Device[];
}

export interface CmdInstruction extends InstructionBase, ShellDependent {
  readonly kind: 'cmd';
}

export interface EntrypointInstruction extends InstructionBase, ShellDependent {
  readonly kind: 'entrypoint';
}

/** Durations are in nanoseconds. */
export interface Healthcheck {
  readonly test: readonly string[];
  readonly interval: bigint;
  readonly timeout: bigint;
  readonly startPeriod: bigint;
  readonly startInterval: bigint;
  readonly retries: number;
}

export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: 'healthcheck';
  readonly healthcheck: Healthcheck;
}

export interface ExposeInstruction extends InstructionBase {
  readonly kind: 'expose';
  /** Port words, sorted as the reference sorts them (by bytes). */
  readonly ports: readonly string[];
}

export interface UserInstruction extends InstructionBase {
  readonly kind: 'user';
  readonly user: string;
}

export interface WorkdirInstruction extends InstructionBase {
  readonly kind: 'workdir';
  readonly path: string;
}

export interface VolumeInstruction extends InstructionBase {
  readonly kind: 'volume';
  readonly volumes: readonly string[];
}

export interface StopSignalInstruction extends InstructionBase {
  readonly kind: 'stopsignal';
  readonly signal: string;
}

export interface ShellInstruction extends InstructionBase {
  readonly kind: 'shell';
  readonly shell: readonly string[];
}

export interface OnbuildInstruction extends InstructionBase {
  readonly kind: 'onbuild';
  /** The trigger as it is stored in the image config. */
  readonly expression: string;
}

/** An instruction that has errors (see the diagnostics) or is unknown. */
export interface InvalidInstruction extends InstructionBase {
  readonly kind: 'invalid';
}

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

export type Instruction = FromInstruction | StageInstruction | InvalidInstruction;
