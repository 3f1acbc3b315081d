/** `tsfront completion`: shell completions, made of the commands as the parser knows them. */
import { Argument, Command, type CommandUnknownOpts, type Option } from '@commander-js/extra-typings';
import type { Io } from '../io.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

export function completionCommand(io: Io) {
  const command = new Command('completion')
    .summary('print completions for a shell')
    .description('Prints a script that completes commands, options and their values in a shell.')
    .addArgument(new Argument(`<${shells.join('|')}>`, 'the shell').choices(shells));
  return command.action((shell) => io.writeStdout(completionScript(command.parent!, shell)));
}

/** A command or subcommand, by its words: `history ls`. */
interface Described {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** Subcommands, and values of arguments that have choices. */
  readonly words: readonly string[];
}

function completionScript(program: CommandUnknownOpts, shell: Shell): string {
  const all = describeCommands(program, '');
  return shell === 'fish' ? fish(all) : shell === 'zsh' ? zsh(all) : bash(all);
}

/** The command and, below it, all of its subcommands. @param name its words; '' for the program */
function describeCommands(command: CommandUnknownOpts, name: string): Described[] {
  const words = [
    ...command.commands.map((it) => it.name()),
    ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  ];
  const options = [...command.createHelp().visibleOptions(command)];
  const own = { name, description: command.summary() || command.description(), options, words };
  const below = command.commands.flatMap((it) =>
    describeCommands(it, name === '' ? it.name() : `${name} ${it.name()}`),
  );
  return [own, ...below];
}

/** What completes the value of an option: words, files, directories or builder names; undefined if unknown. */
function completes({
  flags,
  argChoices,
}: Option): readonly string[] | 'files' | 'directories' | 'builders' | undefined {
  if (argChoices) return argChoices;
  const [, value = ''] = /<(.*)>$/.exec(flags) ?? [];
  if (/^(file|path)$/.test(value)) return 'files';
  if (value === 'directory') return 'directories';
  return value.endsWith('address') ? 'builders' : undefined;
}

const flagsOf = ({ short, long }: Option) => [short, long].filter((it) => it !== undefined);
const takesValue = ({ required, optional }: Option) => required || optional;

/** The directory with the names of buildx's builders, in the syntax of all three shells. */
const buildersScript = 'command ls "$dir/instances" 2>/dev/null';
const builderDirScript = 'dir="${BUILDX_CONFIG:-${DOCKER_CONFIG:-$HOME/.docker}/buildx}"';

/** The `case` of what follows an option; each of `files`, `directories` and `words` is a function of the shell. */
function valueCases(all: readonly Described[]): string {
  const lines = all.flatMap(({ name, options }) =>
    options.filter(takesValue).map((option) => {
      const value = completes(option);
      const patterns = flagsOf(option).map((flag) => `'${name}:${flag}'`);
      const act = typeof value === 'object' ? `_tsfront_words ${value.join(' ')}` : `_tsfront_${value ?? 'words'}`;
      return `    ${patterns.join('|')}) ${act}; return ;;\n`;
    }),
  );
  return lines.join('');
}

function wordCases(all: readonly Described[]): string {
  const lines = all.map(({ name, options, words }) => {
    const flags = options.flatMap(flagsOf).join(' ');
    const others = words.length > 0 ? `_tsfront_words ${words.join(' ')}` : '_tsfront_files';
    return `    '${name}') if [[ $cur == -* ]]; then _tsfront_words ${flags}; else ${others}; fi ;;\n`;
  });
  return lines.join('');
}

/** The command is the first words that name one. */
function commandCases(all: readonly Described[]): string {
  return all
    .filter(({ name }) => name !== '')
    .map(({ name }) => `      '${name}') cmd='${name}' ;;\n`)
    .join('');
}

/** Finds the command among the words that were typed before, and completes what follows it. */
function complete(all: readonly Described[], typed: string): string {
  return `  for word in ${typed}; do
    case "\${cmd:+$cmd }$word" in
${commandCases(all)}    esac
  done
  case "$cmd:$before" in
${valueCases(all)}  esac
  case "$cmd" in
${wordCases(all)}  esac
`;
}

function bash(all: readonly Described[]): string {
  return `# bash completion of tsfront: source <(tsfront completion bash)
_tsfront_words() { COMPREPLY=($(compgen -W "$*" -- "$cur")); }
_tsfront_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); }
_tsfront_directories() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); }
_tsfront_builders() { local ${builderDirScript}; _tsfront_words "$(${buildersScript})"; }
_tsfront() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" cmd= word
  # bash cuts --option=value into three words
  if [[ $cur == = ]]; then cur=; elif [[ $before == = ]]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
${complete(all, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}}
complete -F _tsfront tsfront
`;
}

function zsh(all: readonly Described[]): string {
  return `#compdef tsfront
# zsh completion of tsfront: source <(tsfront completion zsh), or as the file _tsfront in a directory of $fpath
_tsfront_words() { compadd -- "$@"; }
_tsfront_files() { _files; }
_tsfront_directories() { _files -/; }
_tsfront_builders() { local ${builderDirScript}; compadd -- \${(f)"$(${buildersScript})"}; }
_tsfront() {
  local cur="\${words[CURRENT]}" before="\${words[CURRENT-1]}" cmd= word
  if [[ $cur == --*=* ]]; then
    before="\${cur%%=*}"
    compset -P '*='
    cur="\${cur#*=}"
  fi
${complete(all, '"${(@)words[2,CURRENT-1]}"')}}
if [[ \${funcstack[1]} == _tsfront ]]; then _tsfront "$@"; else compdef _tsfront tsfront; fi
`;
}

function fish(all: readonly Described[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines: string[] = [];
  for (const { name, options, words } of all) {
    const parts = name === '' ? [] : name.split(' ');
    const seen = parts.map((it) => `__fish_seen_subcommand_from ${it}`);
    const notYet = words.length > 0 ? [`not __fish_seen_subcommand_from ${words.join(' ')}`] : [];
    const when = seen.length > 0 ? ` -n ${quoted(seen.join('; and '))}` : '';
    for (const word of words) {
      const about = all.find((it) => it.name === [...parts, word].join(' '))?.description;
      const when = [...seen, ...notYet].join('; and ');
      lines.push(`complete -c tsfront -f -n ${quoted(when)} -a ${word}${about ? ` -d ${quoted(about)}` : ''}`);
    }
    for (const option of options) {
      const flags = `${option.short ? ` -s ${option.short.slice(1)}` : ''}${option.long ? ` -l ${option.long.slice(2)}` : ''}`;
      const value = completes(option);
      let values = '';
      if (typeof value === 'object') values = ` -x -a ${quoted(value.join(' '))}`;
      else if (value === 'directories') values = " -x -a '(__fish_complete_directories)'";
      else if (value === 'builders') values = " -x -a '(__tsfront_builders)'";
      else if (takesValue(option)) values = value === 'files' ? ' -r' : ' -x';
      lines.push(`complete -c tsfront${when}${flags}${values} -d ${quoted(option.description)}`);
    }
  }
  return `# fish completion of tsfront: tsfront completion fish | source
function __tsfront_builders
  set -l dir $HOME/.docker/buildx
  set -q DOCKER_CONFIG; and set dir $DOCKER_CONFIG/buildx
  set -q BUILDX_CONFIG; and set dir $BUILDX_CONFIG
  ${buildersScript}
end
${lines.join('\n')}
`;
}
