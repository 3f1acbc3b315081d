/** Fixes of single instructions for BuildKit's rules. */
import type { Diagnostic, Edit } from '../../diagnostic/diagnostic.ts';
import { lineText } from '../../diagnostic/source-file.ts';
import { toLower } from '../../go/unicode.ts';
import type { Dockerfile, Instruction } from '../../parser/ast.ts';
import { instructionRange } from '../../parser/hints/explain-error.ts';
import { instructionOf } from '../instruction-at.ts';
import { headOf, onlyPlace, removeFlag, type Solution } from './edits.ts';

/** Removes all empty lines inside an instruction. */
export function removeEmptyLines(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const { source } = dockerfile;
  const instruction = instructionOf(dockerfile, problem);
  if (!instruction) return undefined;
  const { end } = instructionRange(source, instruction);
  const edits: Edit[] = [];
  for (let line = instruction.lines.start; line < instruction.lines.end; line++) {
    const range = { start: source.lineStarts[line - 1]!, end: source.lineStarts[line]! };
    if (range.end <= end && lineText(source, line).trim() === '') edits.push({ range, text: '' });
  }
  const title = edits.length === 1 ? 'Remove the empty line' : 'Remove the empty lines';
  return edits.length === 0 ? undefined : { title, edits, safety: 'safe' };
}

/** Writes MAINTAINER as a label. */
export function writeLabel(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  if (instruction?.kind !== 'maintainer' || instruction.lines.start !== instruction.lines.end) return undefined;
  const bare = instruction.maintainer.replace(/^(["'])(.*)\1$/, '$2');
  const value = bare.replace(/["$\\`]/g, (it) =>
    it === '`' && dockerfile.escape === '\\' ? it : dockerfile.escape + it,
  );
  const label = instruction.keyword === toLower(instruction.keyword) ? 'label' : 'LABEL';
  return {
    title: 'Write a label',
    edits: [{ range: instruction.range, text: `${label} org.opencontainers.image.authors="${value}"` }],
    safety: 'unsafe',
    changes: 'the image has a label, and no author in its config',
  };
}

/** Writes a relative WORKDIR as a path from the root. */
export function writeAbsolutePath(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  if (instruction?.kind !== 'workdir' || !/^[\w.][\w./-]*$/.test(instruction.path)) return undefined;
  if (/(?:^|\/)\.\.(?:\/|$)/.test(instruction.path)) return undefined;
  const range = onlyPlace(dockerfile, instruction, instruction.path);
  const path = `/${instruction.path.replace(/^(?:\.\/)+/, '').replace(/^\.$/, '')}`;
  return (
    range && {
      title: `Write ${path}`,
      edits: [{ range, text: path }],
      safety: 'unsafe',
      changes: 'the directory no longer depends on that of the base image',
    }
  );
}

/** Removes `--platform=$TARGETPLATFORM`. */
export function removePlatform(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const flag = instructionOf(dockerfile, problem)?.flags.find(({ name }) => name === 'platform');
  return flag && { title: 'Remove --platform', edits: [removeFlag(dockerfile, flag)], safety: 'safe' };
}

/** Writes the protocol of a port in lower case. */
export function lowerProtocol(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  return replacePort(dockerfile, problem, (port) => port.replace(/[^/]*$/, toLower));
}

/** Leaves only the port of the container. */
export function containerPort(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const fix = replacePort(dockerfile, problem, (port) => port.slice(port.lastIndexOf(':') + 1));
  return fix && { ...fix, changes: 'the history of the image names the port alone' };
}

function replacePort(
  dockerfile: Dockerfile,
  problem: Diagnostic,
  change: (port: string) => string,
): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  const port = problem.facts?.name;
  if (instruction?.kind !== 'expose' || port === undefined || port.includes('$')) return undefined;
  const range = wordPlace(dockerfile, instruction, port);
  return range && { title: `Write ${change(port)}`, edits: [{ range, text: change(port) }], safety: 'safe' };
}

/** The first place of a whole word; undefined if it is not written like that. */
function wordPlace(dockerfile: Dockerfile, instruction: Instruction, word: string) {
  const { at, text } = headOf(dockerfile, instruction);
  for (let index = text.indexOf(word); index >= 0; index = text.indexOf(word, index + 1)) {
    const isWhole = /\s/.test(text[index - 1] ?? '') && /^(?:\s|$)/.test(text.slice(index + word.length));
    if (isWhole) return { start: at + index, end: at + index + word.length };
  }
  return undefined;
}

/** Words of a command that means the same without a shell. */
const plainCommand = /^(?:exec )?[\w./@+-]+(?: [\w./@%+=:,-]+)*$/;
/** What only a shell knows. */
const shellCommand =
  /^(?:exec )?(?:alias|bg|break|cd|command|continue|eval|exit|export|fg|jobs|read|return|set|shift|source|trap|type|ulimit|umask|unalias|unset|until|wait|while|for|if|case|do|\.)(?: |$)/;

/** Writes a command as an array, if it has nothing that only a shell knows. */
export function writeArray(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  if ((instruction?.kind !== 'cmd' && instruction?.kind !== 'entrypoint') || !instruction.shellForm) return undefined;
  const [command = ''] = instruction.args;
  if (command === '') return { hint: `Write ${instruction.keyword} [] to have none, or the command.` };
  if (!plainCommand.test(command) || shellCommand.test(command)) return explainShell(instruction.keyword, command);
  const range = onlyPlace(dockerfile, instruction, command);
  const words = command.replace(/^exec /, '').split(' ');
  const array = `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
  return (
    range && {
      title: `Write ${array}`,
      edits: [{ range, text: array }],
      safety: 'unsafe',
      changes: 'the program runs without a shell, and gets the signals itself',
    }
  );
}

/** Longest command that a hint repeats. */
const maxShown = 60;

/** A command that needs a shell. */
function explainShell(keyword: string, command: string): Solution | undefined {
  if (command.length > maxShown || /[^ -~]/.test(command)) return undefined;
  const array = `["sh", "-c", ${JSON.stringify(command)}]`;
  return { hint: `This command needs a shell: write ${keyword} ${array}, or name the shell with SHELL in this stage.` };
}
