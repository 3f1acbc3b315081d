/** Commands that only run another one. */
import type { ShellWord } from './command.ts';

/** Options of each that take the next word. */
const wrappers: ReadonlyMap<string, RegExp> = new Map([
  ['sudo', /^-(?:[ughpCTRDr]|-user|-group|-host|-prompt|-chdir|-role)$/],
  ['env', /^-(?:[uCS]|-unset|-chdir)$/],
  ['exec', /^-a$/],
  ['command', /^$/],
  ['nice', /^-n$/],
  ['time', /^-[fo]$/],
  ['nohup', /^$/],
  ['eatmydata', /^$/],
  ['timeout', /^-[ks]$/],
  ['gosu', /^$/],
  ['su-exec', /^$/],
]);

/** The commands whose first operand is not yet the command: a duration, a user. */
const withOperand = new Set(['timeout', 'gosu', 'su-exec']);

/** Index of the word that names the program which runs in the end; -1 if that cannot be told. */
export function programIndex(words: readonly ShellWord[]): number {
  let at = 0;
  for (;;) {
    const name = programName(words[at]);
    const takesNext = wrappers.get(name);
    if (!takesNext) return name === '' ? -1 : at;
    let next = at + 1;
    for (; next < words.length; next++) {
      const value = words[next]!.value;
      const isAssignment = /^\w+=/.test(words[next]!.text);
      if (isAssignment && name !== 'timeout') continue;
      if (value === undefined) return -1;
      if (value === '--') {
        next++;
        break;
      }
      if (!value.startsWith('-')) break;
      if (takesNext.test(value)) next++;
    }
    if (withOperand.has(name)) next++;
    if (next >= words.length) return at;
    // `command -v git` asks whether there is a git.
    if (name === 'command' && words.slice(at + 1, next).some(({ value }) => /^-[vVp]*[vV]/.test(value ?? '')))
      return at;
    at = next;
  }
}

/** The name of a program without its directory; '' if it is not known. */
export function programName(word: ShellWord | undefined): string {
  const value = word?.value ?? '';
  return value.slice(value.lastIndexOf('/') + 1);
}
