/** Parses the command line and runs a command. Commands load what they need when they run. */
import { Command, CommanderError } from 'commander';
import { UsageError } from '../offline/usage-error.ts';
import { isOfUnusableFile } from '../system/unusable-file.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { buildCommand } from './build.ts';
import { checkCommand } from './check.ts';
import { compileCommand } from './compile.ts';
import { completionCommand } from './completion.ts';
import { duCommand, pruneCommand, workersCommand } from './daemon.ts';
import { examples } from './examples.ts';
import { Exit, exitCode } from './exit.ts';
import { graphCommand } from './graph.ts';
import { historyCommand } from './history.ts';
import { interruptedCode } from './interrupt.ts';
import type { Io } from './io.ts';
import { solveCommand } from './solve.ts';
import { spellOut } from './spell-out.ts';

/** All commands, as the parser, the completions and the reference in docs/cli.md know them. */
export function createProgram(io: Io): Command {
  const program = new Command('tsfront')
    .description('A Dockerfile compiler and BuildKit toolkit')
    .option('-V, --version', 'print the version');
  const commands = [compileCommand, checkCommand, graphCommand, buildCommand, solveCommand];
  for (const create of [...commands, workersCommand, duCommand, pruneCommand, historyCommand, completionCommand])
    program.addCommand(create(io));
  for (const [name, lines] of Object.entries(examples)) {
    const command = name.split(' ').reduce((it, word) => it.commands.find((below) => below.name() === word)!, program);
    command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }
  return program;
}

/** Runs `tsfront ARGS` and gives the exit code; never throws. A signal ends it with the code of that signal. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
  const output = {
    writeOut: (text: string) => void io.print(text).catch(() => {}), // the end of the process tells
    writeErr: (text: string) => io.writeStderr(text),
  };
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride().configureOutput(output).configureHelp({ helpWidth: 100 });

  try {
    if (args.length === 0) {
      await io.print(program.helpInformation());
      return exitCode.ok;
    }
    await program.parseAsync(spellOut(program, args), { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    io.writeStderr(`error: ${systemErrorsInWords(error instanceof Error ? error.message : String(error))}\n`);
    if (io.signal.aborted) return interruptedCode(io.signal);
    return error instanceof UsageError || isOfUnusableFile(error) ? exitCode.usage : exitCode.failed;
  }
}
