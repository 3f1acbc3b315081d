/**
 * What a build program and the frontend say to each other. The program runs in an engine of its own, to which only text
 * passes, so these are shapes of JSON. The frontend validates all that it receives.
 */

/** A point in a module of the program. `line` and `column` count from 1. */
export interface Place {
  /** The name under which the module was defined. */
  readonly module: string;
  readonly line: number;
  readonly column: number;
}

/** A platform, with '' for a part that is absent. */
export interface PlatformParts {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

/** An instruction as a Dockerfile has it: words are in the Dockerfile's own quoting, for lowering to expand. */
export interface InstructionJson {
  /** The name of the instruction in lower case. */
  readonly name: string;
  /** What a Dockerfile would say, for the names of steps. */
  readonly code: string;
  /** Flags in order; without a value for `--name`. */
  readonly flags: readonly (readonly [name: string, value?: string])[];
  /** The arguments. */
  readonly words: readonly string[];
  /** Whether the arguments are in JSON form. */
  readonly isJson?: boolean;
  /** Keys with their values, of ARG, ENV and LABEL. */
  readonly pairs?: readonly (readonly [key: string, value?: string])[];
  /** Files and scripts that are given inline. */
  readonly heredocs?: readonly { readonly name: string; readonly content: string; readonly expand: boolean }[];
  /** Where the program made it, innermost first. */
  readonly places: readonly Place[];
}

/** A stage: a base, and instructions. */
export interface StageJson {
  readonly name: string;
  /** The word after FROM: an image, an earlier stage, a source, or `scratch`. */
  readonly base: string;
  /** The value of --platform; '' if absent. */
  readonly platform: string;
  /** Where the program made the base. */
  readonly places: readonly Place[];
  readonly instructions: readonly InstructionJson[];
}

/** A base that no Dockerfile can name. */
export type SourceJson =
  | { readonly kind: 'merge'; readonly stages: readonly string[] }
  | { readonly kind: 'diff'; readonly lower: string; readonly upper: string }
  | { readonly kind: 'definition'; readonly definition: string; readonly config: unknown }
  | {
      readonly kind: 'dockerfile';
      readonly path: string;
      readonly target: string;
      readonly args: Readonly<Record<string, string>>;
      readonly places: readonly Place[];
    };

/** What a target is built from. */
export interface GraphJson {
  /** Stages in an order in which each comes after those it needs. */
  readonly stages: readonly StageJson[];
  /** The name of the stage that is the result. */
  readonly target: string;
  /** Sources by the names that stages use for them. */
  readonly sources: Readonly<Record<string, SourceJson>>;
}

/** An argument that the program declares. */
export interface ArgumentJson {
  readonly name: string;
  /** The value in this build; '' if it has none. */
  readonly value: string;
  /** What it is for, and which values it takes. */
  readonly description: string;
  readonly places: readonly Place[];
}

/** A target: an export of the program, or of a table that it exports. */
export interface TargetJson {
  /** The name of the export, of the function that is the default export, or the key in a table. */
  readonly name: string;
  /** The name of the export. */
  readonly exported: string;
  /** Whether it is built if the build names none. */
  readonly isDefault: boolean;
  /** The stage that it gives; undefined if it was not run, or failed. */
  readonly stage?: string;
}

/** What went wrong in the program. */
export interface FailureJson {
  readonly message: string;
  /** What to do about it; undefined if that is not known. */
  readonly hint?: string;
  readonly places: readonly Place[];
  /** The name of the export that it is about, if it has no place; undefined for others. */
  readonly exported?: string;
  /** The methods of stages and contexts, if something was called that is no function; undefined for others. */
  readonly methods?: readonly string[];
}

/** What the program is asked to do. */
export interface RunMessage {
  readonly type: 'run';
  /** The name of the program's module. */
  readonly module: string;
  /** What it exports, in the order of the program: the module itself sorts names. */
  readonly exports: readonly string[];
  /** The name of the target; '' for the default. */
  readonly target: string;
  /** Whether all targets are run, not only the one that is asked for. */
  readonly all: boolean;
  /**
   * Whether nothing is built, as for a list or a check: required arguments that are absent have placeholders for
   * values, and targets that fail are part of the result.
   */
  readonly inspects: boolean;
  readonly platforms: { readonly target: PlatformParts; readonly build: PlatformParts };
  /** The build arguments by name. */
  readonly args: Readonly<Record<string, string>>;
}

/** The answer to a question. */
export interface AnswerMessage {
  readonly type: 'answer';
  /** The number of the question. */
  readonly id: number;
  readonly value?: unknown;
  /** What went wrong. */
  readonly error?: string;
}

/** What a program asks while it runs. */
export type Question =
  /** The text of a file of a context; null if it is not there. */
  | { readonly ask: 'read'; readonly context: string; readonly path: string }
  /** The paths of files of a context that match patterns, sorted. */
  | { readonly ask: 'glob'; readonly context: string; readonly patterns: readonly string[] }
  /** The image config of a stage, as JSON. */
  | { readonly ask: 'config'; readonly graph: GraphJson }
  /** The definition of a stage in base64. */
  | { readonly ask: 'definition'; readonly graph: GraphJson };

/** What the program sends. */
export type ProgramMessage =
  | { readonly type: 'question'; readonly id: number; readonly question: Question }
  | { readonly type: 'log'; readonly text: string; readonly places: readonly Place[] }
  | {
      readonly type: 'result';
      readonly graph: GraphJson;
      readonly targets: readonly TargetJson[];
      readonly arguments: readonly ArgumentJson[];
      /** How targets failed; empty in a build. The graph has no stages if all did. */
      readonly failures: readonly FailureJson[];
      /**
       * What to say of an error in what the graph describes: it may come from a placeholder. Undefined if there are
       * none.
       */
      readonly hint?: string;
    }
  | ({ readonly type: 'failed' } & FailureJson);

/**
 * The object `program` in the global scope of the engine (engine/program.c, src/host/program-worker.ts), which the
 * module `tsfront/build` takes and removes.
 */
export interface ProgramNative {
  /** Sends a message to the frontend. */
  send(message: string): void;

  /** Calls `listener` for each message of the frontend from now on. */
  listen(listener: (message: string) => void): void;
}
