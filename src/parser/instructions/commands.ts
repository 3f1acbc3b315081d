/** CMD, ENTRYPOINT and SHELL: command lines. */
import type { CmdInstruction, EntrypointInstruction, ShellInstruction } from '../ast.ts';
import { explainBrokenArray } from '../broken-array.ts';
import { readNoFlags } from './read-flags.ts';
import { badArguments, needsOneOrMore, type Request } from './request.ts';

/** A command line as the instruction has it: one string in shell form, else the elements of the array. */
export function readCommandLine({ words, isJson }: Request) {
  return { args: words.map(({ text }) => text), shellForm: !isJson };
}

export function readCmd(request: Request): CmdInstruction | undefined {
  if (!readNoFlags(request)) return undefined;
  return { kind: 'cmd', ...request.base, ...readCommandLine(request) };
}

export function readEntrypoint(request: Request): EntrypointInstruction | undefined {
  if (!readNoFlags(request)) return undefined;
  return { kind: 'entrypoint', ...request.base, ...readCommandLine(request) };
}

export function readShell(request: Request): ShellInstruction | undefined {
  if (!readNoFlags(request)) return undefined;
  if (request.words.length === 0) return needsOneOrMore(request, 'SHELL');
  if (!request.isJson) {
    const broken = explainBrokenArray(request.words[0]!.text, true);
    const example = broken ? broken.meant : '["/bin/bash", "-c"]';
    return badArguments(
      request,
      'SHELL requires the arguments to be in JSON form',
      broken
        ? `This is no JSON array: ${broken.what}.${example === undefined ? '' : ` Write SHELL ${example}.`}`
        : `Write the words as an array of strings in double quotes, like SHELL ${example}.`,
    );
  }
  return { kind: 'shell', ...request.base, shell: request.words.map(({ text }) => text) };
}
