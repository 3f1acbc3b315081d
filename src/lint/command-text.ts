/** The command of an instruction: where it is in the file, and what reads it. */
import type {
  CmdInstruction,
  Dockerfile,
  EntrypointInstruction,
  HealthcheckInstruction,
  RunInstruction,
  StageInstruction,
} from '../parser/ast.ts';
import { tryParseHeredoc } from '../parser/heredoc.ts';
import type { LogicalLine } from '../parser/logical-line.ts';
import { joinText } from './shell/joined-text.ts';
import { shellInArray, stringInArray } from './shell/quoted-text.ts';
import { type Shell, shebangShell } from './shell/shell.ts';

/** A command. */
export interface CommandText {
  /** The instruction that has it. */
  readonly instruction: RunInstruction | CmdInstruction | EntrypointInstruction | HealthcheckInstruction;
  /** Its words in exec form; undefined in shell form, and if they are a shell with a text. */
  readonly exec: readonly string[] | undefined;
  /** The interpreter that a here-document names; undefined if that is SHELL. */
  readonly shell: Shell | undefined;
  /** Whether it is a here-document that is run as a script. */
  readonly isHeredoc: boolean;
  /** Whether the text is a string of an array, in which an edit would have to be quoted. */
  readonly isQuoted?: boolean;
  /** The text that a shell reads. */
  line(): LogicalLine;
}

/** The command of an instruction; undefined if it has none. */
export function commandText(dockerfile: Dockerfile, instruction: StageInstruction): CommandText | undefined {
  switch (instruction.kind) {
    case 'run':
      return runText(dockerfile, instruction);
    case 'cmd':
    case 'entrypoint': {
      const exec = instruction.shellForm ? undefined : instruction.args;
      return { instruction, exec, shell: undefined, isHeredoc: false, line: () => ownText(dockerfile, instruction) };
    }
    case 'healthcheck': {
      const [type, ...words] = instruction.healthcheck.test;
      if (type === 'NONE') return undefined;
      const exec = type === 'CMD' ? words : undefined;
      const line = () => ownText(dockerfile, instruction, /^\s*CMD/i);
      return { instruction, exec, shell: undefined, isHeredoc: false, line };
    }
    default:
      return undefined;
  }
}

function runText(dockerfile: Dockerfile, instruction: RunInstruction): CommandText {
  const { heredocs, args, shellForm } = instruction;
  const [heredoc] = heredocs;
  const text = { instruction, exec: shellForm ? undefined : args, shell: undefined, isHeredoc: false };
  const inArray = shellForm ? undefined : shellInArray(args);
  if (inArray) {
    const line = () => stringInArray(ownText(dockerfile, instruction), inArray.index)!;
    return { ...text, exec: undefined, shell: inArray.shell, isQuoted: true, line };
  }
  if (!heredoc) return { ...text, line: () => ownText(dockerfile, instruction) };
  // A command line that has nothing but the mark of a here-document runs its content.
  if (!tryParseHeredoc(args[0] ?? '')) {
    return { ...text, line: () => ownText(dockerfile, instruction, undefined, heredoc.contentRange.start) };
  }
  const { content, contentRange } = heredoc;
  const shell = shebangShell(content);
  return {
    ...text,
    shell,
    isHeredoc: true,
    line: () => joinText(dockerfile.source.text, [{ range: contentRange, continues: false }], dockerfile.escape),
  };
}

/**
 * The text after the keyword and the flags.
 *
 * @param skipped what else is not part of it
 * @param ownEnd where its here-documents begin
 */
function ownText(
  { source, escape: escapeToken }: Dockerfile,
  { range, keywordRange, flags }: CommandText['instruction'],
  skipped?: RegExp,
  ownEnd?: number,
): LogicalLine {
  let start = flags.at(-1)?.range.end ?? keywordRange.end;
  const end = ownEnd ?? range.end;
  if (skipped) {
    const before = joinText(source.text, [{ range: { start, end }, continues: true }], escapeToken);
    const length = skipped.exec(before.text)?.[0].length ?? 0;
    const piece = before.starts.findLastIndex((at) => at < length);
    if (piece >= 0) start = before.offsets[piece]! + length - before.starts[piece]!;
  }
  const parts = [{ range: { start, end }, continues: true }];
  if (ownEnd !== undefined) parts.push({ range: { start: ownEnd, end: range.end }, continues: false });
  return joinText(source.text, parts, escapeToken);
}
