/** The programs that an instruction starts, as far as its words say. */
import { base, join } from '../go/path.ts';
import type { Instruction } from '../parser/ast.ts';
import { absolute } from './copied-files.ts';

const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * The absolute paths in the image where the programs of an instruction may be; `workdir` is the directory it runs in.
 */
export function programPaths(instruction: Instruction, workdir: string): string[] {
  const names = programNames(instruction);
  return names.flatMap((name) => {
    const here = absolute(name, workdir);
    return name.includes('/') ? [here] : [here, ...searchPath.map((directory) => join(directory, name))];
  });
}

function programNames(instruction: Instruction): string[] {
  switch (instruction.kind) {
    case 'run':
    case 'cmd':
    case 'entrypoint':
      return instruction.shellForm
        ? instruction.args.flatMap(programsOfLine)
        : [
            ...programOf(instruction.args),
            ...instruction.args
              .slice(1)
              .filter((it) => it.includes(' '))
              .flatMap(programsOfLine),
          ];
    case 'healthcheck': {
      const [type, ...args] = instruction.healthcheck.test;
      return type === 'CMD-SHELL' ? args.flatMap(programsOfLine) : programOf(args);
    }
    default:
      return [];
  }
}

/** Maximum number of characters of a command line that are examined. */
const maxLine = 20_000;

function programsOfLine(line: string): string[] {
  return line
    .slice(0, maxLine)
    .split(/&&|\|\||[;|&()\n{}]/)
    .flatMap((command) => programOf(command.split(/[\s"']+/).filter((word) => word !== '')));
}

/** Commands that run the script named after them and do not accept CR LF at the end of a line. */
const runners =
  /^(?:\.|source|exec|env|sudo|time|nohup|command|if|then|else|do|while|!|(?:ba|da|a|z|k)?sh|tini|dumb-init|catatonit|gosu|su-exec|setpriv|chroot)$/;

/** The words of a command that may name the program or script it runs. */
function programOf(words: readonly string[]): string[] {
  const names: string[] = [];
  for (const word of words) {
    if (/^-|^\w+=/.test(word)) continue;
    if (!word.includes('$')) names.push(word);
    if (
      !runners.test(base(word)) &&
      !(names.length > 1 && /gosu|su-exec|chroot/.test(base(names[0]!)) && names.length < 3)
    )
      break;
  }
  return names;
}
