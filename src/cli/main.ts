/** Parses the command line and runs a command. Commands load what they need when they run. */
import { Command, CommanderError, type CommandUnknownOpts, Help, type Option } from '@commander-js/extra-typings';
import { commandTable, examples } from './command-table.ts';
import { exitCode } from './exit.ts';
import { reportFailure } from './failure.ts';
import type { Io } from './io.ts';
import { spellOut } from './options/spell-out.ts';

/** All commands, as the parser, the completions and the reference in docs/cli.md know them. */
export function createCommandLine(io: Io): CommandUnknownOpts {
  const program = new Command('tsfront')
    .description('A Dockerfile compiler and BuildKit toolkit')
    .option('-V, --version', 'print the version');
  for (const { create } of commandTable) program.addCommand(create(io));
  for (const command of allCommands(program)) {
    command.configureHelp({ helpWidth: 100, optionDescription }).helpOption('-h, --help', 'show this help');
  }
  for (const [name, lines] of Object.entries(examples)) {
    const command = name
      .split(' ')
      .reduce((it: CommandUnknownOpts, word) => it.commands.find((below) => below.name() === word)!, program);
    addExamples(command, lines);
  }
  addExamples(
    program,
    program.commands.flatMap((command) => examples[command.name()]?.[0] ?? []),
  );
  return program;
}

function allCommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** The description of an option in the help. An empty list goes without saying. */
function optionDescription(option: Option): string {
  return Array.isArray(option.defaultValue) ? option.description : Help.prototype.optionDescription(option);
}

function addExamples(command: CommandUnknownOpts, lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}

/** Runs `tsfront ARGS` and gives the exit code; never throws. A signal ends it with the code of that signal. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const program = createCommandLine(io);
  const output = {
    writeOut: (text: string) => void io.print(text).catch(() => {}), // the end of the process tells
    writeErr: (text: string) => io.writeStderr(text),
  };
  for (const command of allCommands(program)) command.exitOverride().configureOutput(output);

  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCode.ok;
    }
    await program.parseAsync(spellOut(program, args), { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, io);
    return error.exitCode === 0 ? exitCode.ok : exitCode.usage; // the parser has said what is wrong
  }
}
