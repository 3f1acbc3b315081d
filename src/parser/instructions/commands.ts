/** CMD, ENTRYPOINT and SHELL: command lines. */
import type { CmdInstruction, EntrypointInstruction, ShellInstruction } from '../ast.ts';
import { explainBrokenArray } from '../hints/broken-array.ts';
import { badArguments, type InstructionInput, needsOneOrMore } from './instruction-input.ts';
import { readNoFlags } from './read-flags.ts';

/** The command line of an instruction: one string in shell form, otherwise the elements of the array. */
export function readCommandLine({ words, isJson }: InstructionInput) {
  return { args: words.map(({ text }) => text), shellForm: !isJson };
}

/** Reads CMD. */
export function readCmd(input: InstructionInput): CmdInstruction | undefined {
  if (!readNoFlags(input)) return undefined;
  return { kind: 'cmd', ...input.base, ...readCommandLine(input) };
}

/** Reads ENTRYPOINT. */
export function readEntrypoint(input: InstructionInput): EntrypointInstruction | undefined {
  if (!readNoFlags(input)) return undefined;
  return { kind: 'entrypoint', ...input.base, ...readCommandLine(input) };
}

/** Reads SHELL. */
export function readShell(input: InstructionInput): ShellInstruction | undefined {
  if (!readNoFlags(input)) return undefined;
  if (input.words.length === 0) return needsOneOrMore(input, 'SHELL');
  if (!input.isJson) {
    const broken = explainBrokenArray(input.words[0]!.text, true);
    const example = broken ? broken.repaired : '["/bin/bash", "-c"]';
    return badArguments(
      input,
      'SHELL requires the arguments to be in JSON form',
      broken
        ? `This is not a JSON array: ${broken.what}.${example === undefined ? '' : ` Write SHELL ${example}.`}`
        : `Write the words as an array of strings in double quotes, like SHELL ${example}.`,
    );
  }
  return { kind: 'shell', ...input.base, shell: input.words.map(({ text }) => text) };
}
