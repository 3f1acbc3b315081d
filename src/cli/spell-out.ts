/** Arguments that docker takes and our parser does not. */
import type { Command, Option } from 'commander';

/**
 * Spells out flags with a value (`--push=false`, `-f=file`), and `--no-cache=STAGES` (docker's `--no-cache-filter`), for
 * the parser takes `no-` for a negation. Values of options stay as they are, whatever they look like. An unknown flag
 * loses its value, for the parser suggests a name to flags alone.
 */
export function spellOut({ commands }: Command, args: readonly string[]): string[] {
  const command = commands.find((command) => command.name() === args[0]);
  const options = command?.options ?? [];
  const find = (flag: string) => options.find(({ short, long }) => flag === short || flag === long);
  const spelled: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') return [...spelled, ...args.slice(at)];
    const [, flag = arg, value] = /^(-\w|--[\w-]+)=(.*)$/s.exec(arg) ?? [];
    const option = find(flag);
    if (value !== undefined && option && !takesValue(option) && BOOLEAN.test(value)) {
      if (/^[1tT]/.test(value)) spelled.push(flag);
    } else if (value !== undefined && option && !flag.startsWith('--')) spelled.push(flag, value);
    else if (flag === '--no-cache' && value !== undefined) spelled.push(`--no-cache-filter=${value}`);
    else if (value !== undefined && !option && command?.commands.length === 0) spelled.push(flag);
    else spelled.push(arg);
    if (value === undefined && at + 1 < args.length && needsNext(spelled.at(-1)!, find)) spelled.push(args[++at]!);
  }
  return spelled;
}

/** As Go's strconv.ParseBool has them. */
const BOOLEAN = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** Whether the value of an option is the next argument; of several short flags together that of the last one. */
function needsNext(arg: string, find: (flag: string) => Option | undefined): boolean {
  if (arg.startsWith('--')) return find(arg)?.required ?? false;
  if (!arg.startsWith('-')) return false;
  const letters = [...arg.slice(1)];
  const first = letters.findIndex((letter) => {
    const option = find(`-${letter}`);
    return !option || takesValue(option);
  });
  return first >= 0 && first === letters.length - 1 && find(`-${letters[first]}`)?.required === true;
}
