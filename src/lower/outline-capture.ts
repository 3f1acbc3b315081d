/** Records, while a stage is lowered, what the build can be given for it: for the subrequest `frontend.outline`. */
import type { LineRange } from '../diagnostic/source-file.ts';

/** A secret or an SSH agent. */
export interface OutlineSecret {
  readonly name: string;
  readonly required: boolean;
  readonly lines: LineRange | undefined;
}

/** A declared build argument. */
export interface ArgInfo {
  /** The name of the argument. */
  readonly name: string;
  /** From the comment above the ARG; '' if absent. */
  readonly description: string;
  /** Its default; '' if absent. */
  readonly value: string;
  /** The lines of the ARG; undefined for a predefined argument. */
  readonly lines: LineRange | undefined;
  /** Arguments that its default value uses. */
  readonly dependencies: ReadonlySet<string>;
}

/** Records what a stage declares and uses. */
export interface OutlineCapture {
  /** The declaration of an argument in the stage, else the one before the first FROM. */
  argument(name: string): ArgInfo | undefined;
  /** Records an ARG. */
  declare(info: ArgInfo): void;
  /** Names of the arguments whose values were used. */
  readonly used: Set<string>;
  /** Secrets by id. */
  readonly secrets: Map<string, OutlineSecret>;
  /** SSH agents by id. */
  readonly ssh: Map<string, OutlineSecret>;
}

/**
 * Starts recording.
 *
 * @param globals the arguments before the first FROM
 * @param used names of the arguments that FROM uses
 */
export function createOutlineCapture(globals: ReadonlyMap<string, ArgInfo>, used: ReadonlySet<string>): OutlineCapture {
  const declared = new Map<string, ArgInfo>();
  return {
    argument: (name) => declared.get(name) ?? globals.get(name),
    declare: (info) => void declared.set(info.name, info),
    used: new Set(used),
    secrets: new Map(),
    ssh: new Map(),
  };
}
