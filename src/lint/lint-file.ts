/** What rules see of a Dockerfile: its tree, its stages with their bases, and the commands in its shell texts. */
import type {
  CmdInstruction,
  Dockerfile,
  EntrypointInstruction,
  HealthcheckInstruction,
  Instruction,
  RunInstruction,
  Stage,
  StageInstruction,
} from '../parser/ast.ts';
import { stageNamePattern } from '../parser/instructions/from.ts';
import { triggerOf } from '../parser/onbuild-trigger.ts';
import type { ReadPastErrors } from '../parser/past-errors.ts';
import { createShellLex } from '../parser/words.ts';
import { type CommandText, commandText } from './command-text.ts';
import { emptyScript, type ShellScript } from './shell/command.ts';
import { execScript } from './shell/exec-script.ts';
import { defaultShell, readShell, type Shell, windowsShell } from './shell/shell.ts';

/** A Dockerfile. What has an error is in it as far as it can be read. */
export interface LintFile {
  /** Its syntax tree. */
  readonly dockerfile: Dockerfile;
  /** Instructions with errors, of which not all is known: those in stages too. */
  readonly unclear: ReadonlySet<Instruction>;
  /** Its stages, in the order of the file. */
  readonly stages: readonly LintStage[];
  /** The RUN instructions of ONBUILD, which are no instructions of the file. */
  readonly triggers: ReadonlySet<Instruction>;
}

/** Whether an instruction with an error names nothing: it may have been to name any argument or stage. */
export function hasNamelessError({ unclear }: LintFile): boolean {
  return [...unclear].some(({ code }) => /^\S+(?:\s+(?:--|=)\S*)*$/.test(code));
}

/** A stage. */
export interface LintStage {
  /** Its syntax. */
  readonly syntax: Stage;
  /** What it is made from. */
  readonly base: LintBase;
  /** Whether it is the last of the file, which is built by default. */
  readonly isLast: boolean;
  /** Its instructions after FROM. */
  readonly instructions: readonly StageInstruction[];
  /** Its RUN instructions with their commands. */
  readonly runs: readonly LintCommand<RunInstruction>[];
  /** Its instructions that have a command, RUN among them. */
  readonly commands: readonly LintCommand[];
  /** The RUN instructions that run in builds from the image: those of its ONBUILD. */
  readonly triggers: readonly LintCommand<RunInstruction>[];
}

/** All RUN instructions of a stage, for rules that look at one at a time. */
export const runsAndTriggers = ({ runs, triggers }: LintStage): LintStage['runs'] =>
  triggers.length === 0 ? runs : [...runs, ...triggers];

/** The base of a stage. */
type LintBase =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly stage: LintStage }
  /** An error leaves nothing of its name, or it may name a stage whose name could not be read. */
  | { readonly kind: 'unknown' }
  /** A named context of the build takes the place of the image. */
  | { readonly kind: 'context' }
  | {
      readonly kind: 'image';
      /** The name with the defaults of its arguments; undefined if an argument has no default. */
      readonly name: string | undefined;
    };

/** An instruction that has a command. */
export interface LintCommand<Kind = RunInstruction | CmdInstruction | EntrypointInstruction | HealthcheckInstruction> {
  /** The instruction. */
  readonly instruction: Kind;
  /** The shell that reads its text: the interpreter that the text of a here-document names, or SHELL. */
  readonly shell: Shell;
  /** Whether it is a here-document that is run as a script. */
  readonly isHeredoc: boolean;
  /** The commands in shell form, or the one in exec form; none of shells of another kind. Read when it is asked for. */
  readonly script: ShellScript;
  /** The words in exec form; undefined in shell form, and if they are a shell with a text. */
  readonly exec: readonly string[] | undefined;
}

interface LintFileOptions extends Partial<Pick<ReadPastErrors, 'standIns' | 'mayLackNames'>> {
  readonly isContext?: ((base: string) => boolean) | undefined;
}

/**
 * Makes a {@link LintFile}. What reads shell text is loaded if the file has any.
 *
 * @param more.standIns instructions that stand for wrong ones; none by default
 * @param more.mayLackNames whether a base may be a stage whose name could not be read; false by default
 * @param more.isContext whether the build has a named context for the name of a base; by default it has none
 */
export async function createLintFile(
  dockerfile: Dockerfile,
  { standIns = new Set(), mayLackNames = false, isContext = () => false }: LintFileOptions = {},
): Promise<LintFile> {
  const { parseShell } = hasShellText(dockerfile) ? await import('./shell/parse-shell.ts') : noParser;
  const names = new Map<string, LintStage>();
  const shells = new Map<LintStage, Shell>();
  const stages: LintStage[] = [];
  const expand = createBaseExpansion(dockerfile);
  for (const [index, syntax] of dockerfile.stages.entries()) {
    const found = stageBase(expand(syntax.from.image.text), names, isContext);
    const mayBeStage = mayLackNames && found.kind === 'image' && stageNamePattern.test(found.name ?? '');
    const base: LintBase = mayBeStage ? { kind: 'unknown' } : found;
    let shell = base.kind === 'stage' ? shells.get(base.stage)! : baseShell(dockerfile, base);
    const commands: LintCommand[] = [];
    const triggers: LintCommand<RunInstruction>[] = [];
    const { instructions } = syntax;
    for (const instruction of instructions) {
      if (instruction.kind === 'shell') shell = readShell(instruction.shell);
      const text = commandText(dockerfile, instruction);
      if (text) commands.push(createCommand(text, shell, parseShell));
      const trigger =
        instruction.kind === 'onbuild' && !standIns.has(instruction) && triggerOf(dockerfile, instruction);
      const command = trigger && trigger.kind === 'run' && commandText(dockerfile, trigger);
      const made = command && createCommand(command, shell, parseShell);
      if (made && isRun(made)) triggers.push(made);
    }
    const runs = commands.filter(isRun);
    const isLast = index === dockerfile.stages.length - 1;
    const stage: LintStage = { syntax, base, isLast, instructions, commands, runs, triggers };
    stages.push(stage);
    shells.set(stage, shell);
    if (syntax.name !== '') names.set(syntax.name, stage);
  }
  const invalid = dockerfile.instructions.filter(({ kind }) => kind === 'invalid');
  const triggers = new Set(stages.flatMap((stage) => stage.triggers.map(({ instruction }) => instruction)));
  return { dockerfile, stages, triggers, unclear: invalid.length > 0 ? new Set([...standIns, ...invalid]) : standIns };
}

type ParseShell = typeof import('./shell/parse-shell.ts').parseShell;

const noParser: { readonly parseShell: ParseShell } = { parseShell: () => emptyScript };

function hasShellText({ stages }: Dockerfile): boolean {
  return stages.some(({ instructions }) =>
    instructions.some(
      (it) =>
        ('shellForm' in it && (it.shellForm || it.kind === 'run')) ||
        it.kind === 'healthcheck' ||
        it.kind === 'onbuild',
    ),
  );
}

function isRun(command: LintCommand): command is LintCommand<RunInstruction> {
  return command.instruction.kind === 'run';
}

function createCommand(text: CommandText, stageShell: Shell, parseShell: ParseShell): LintCommand {
  const { instruction, exec, isHeredoc } = text;
  const shell = text.shell ?? stageShell;
  let script: ShellScript | undefined;
  const readScript = () => {
    if (exec) return execScript(exec, instruction.range);
    return shell.isPosix ? parseShell(text.line(), text.isQuoted) : emptyScript;
  };
  return {
    instruction,
    shell,
    exec,
    isHeredoc,
    get script() {
      return (script ??= readScript());
    },
  };
}

/** Expands the arguments in the name of a base with their defaults. */
function createBaseExpansion({ metaArgs, escape: escapeToken }: Dockerfile): (name: string) => string | undefined {
  const values = new Map<string, string>();
  const lex = createShellLex({ escape: escapeToken });
  const env = { get: (name: string) => values.get(name), keys: () => [...values.keys()] };
  const expand = (text: string): string | undefined => {
    try {
      const { result, unmatched } = lex.processWord(text, env);
      return unmatched.size > 0 ? undefined : result;
    } catch {
      return undefined;
    }
  };
  for (const { args } of metaArgs) {
    for (const { key, value } of args) {
      const expanded = value === undefined ? undefined : expand(value);
      if (expanded !== undefined) values.set(key, expanded);
    }
  }
  return expand;
}

function stageBase(
  name: string | undefined,
  stages: ReadonlyMap<string, LintStage>,
  isContext: (base: string) => boolean,
): LintBase {
  if (name === '') return { kind: 'unknown' };
  if (name === 'scratch') return { kind: 'scratch' };
  const stage = name === undefined ? undefined : stages.get(name.toLowerCase());
  if (stage) return { kind: 'stage', stage };
  return name !== undefined && isContext(name) ? { kind: 'context' } : { kind: 'image', name };
}

function baseShell({ escape: escapeToken }: Dockerfile, base: LintBase): Shell {
  const isWindows = base.kind === 'image' && /windows|nanoserver|servercore/i.test(base.name ?? '');
  return isWindows || escapeToken === '`' ? windowsShell : defaultShell;
}
