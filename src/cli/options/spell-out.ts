/** Arguments that docker takes and our parser does not. */
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { isBool } from '../../go/strconv.ts';
import { UsageError } from '../../text/usage-error.ts';

/**
 * Spells out flags with a value (`--push=false`, `-f=file`), and `--no-cache=STAGES` (docker's `--no-cache-filter`),
 * for the parser takes `no-` for a negation. Values of options stay as they are, whatever they look like. An unknown
 * flag loses its value, for the parser suggests a name to flags alone. What buildx takes before its commands
 * (`--builder NAME`, `--debug`) goes after them.
 * @throws UsageError for a value of a flag that is true or false
 */
export function spellOut({ commands }: CommandUnknownOpts, given: readonly string[]): string[] {
  const args = moveCommandFirst(commands, given);
  const command = commands.find((command) => command.name() === args[0]);
  const options = command?.options ?? [];
  const find = (flag: string) => options.find(({ short, long }) => flag === short || flag === long);
  const spelled: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--') return [...spelled, ...args.slice(at)];
    const [, flag = arg, value] = /^(-\w|--[\w-]+)=(.*)$/s.exec(arg) ?? [];
    const option = find(flag);
    if (value !== undefined && option && !takesValue(option) && (flag !== '--no-cache' || isBool(value))) {
      if (!isBool(value))
        throw new UsageError(
          `invalid value ${JSON.stringify(value)} for ${flag}: it is true or false, and true without a value`,
        );
      if (/^[1tT]/.test(value)) spelled.push(flag);
    } else if (value !== undefined && option && !flag.startsWith('--')) spelled.push(flag, value);
    else if (flag === '--no-cache' && value !== undefined) spelled.push(`--no-cache-filter=${value}`);
    else if (value !== undefined && !option && command?.commands.length === 0) spelled.push(flag);
    else spelled.push(arg);
    if (value === undefined && at + 1 < args.length && takesNextArgument(spelled.at(-1)!, find))
      spelled.push(args[++at]!);
  }
  return spelled;
}

function moveCommandFirst(commands: readonly CommandUnknownOpts[], args: readonly string[]): readonly string[] {
  let at = 0;
  const flags: string[] = [];
  for (; /^(--builder(=.*)?|--debug|-D)$/s.test(args[at] ?? ''); at++) {
    flags.push(args[at]!.split('=')[0]!);
    if (args[at] === '--builder') at++;
  }
  let command: CommandUnknownOpts | undefined;
  let place = at;
  for (let below = commands; ; below = command.commands) {
    const next = below.find((it) => it.name() === args[place]);
    if (!next) break;
    command = next;
    place++;
  }
  const takes = ({ options }: CommandUnknownOpts) =>
    flags.every((flag) => options.some(({ short, long }) => flag === short || flag === long));
  if (!command || !takes(command)) return args; // the parser says what is wrong
  return [...args.slice(at, place), ...args.slice(0, at), ...args.slice(place)];
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** Whether the value of an option is the next argument; of several short flags together that of the last one. */
function takesNextArgument(arg: string, find: (flag: string) => Option | undefined): boolean {
  if (arg.startsWith('--')) return find(arg)?.required ?? false;
  if (!arg.startsWith('-')) return false;
  const letters = [...arg.slice(1)];
  const first = letters.findIndex((letter) => {
    const option = find(`-${letter}`);
    return !option || takesValue(option);
  });
  return first >= 0 && first === letters.length - 1 && find(`-${letters[first]}`)?.required === true;
}
