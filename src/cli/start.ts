/** The process of the command line, from its arguments to its exit code. */
import { writeSync } from 'node:fs';
import { printable } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { unexpectedText } from './failure.ts';
import { endProcess, interruptedCode } from './interrupt.ts';
import { packageVersion } from './package-version.ts';
import { processIo } from './process-io.ts';

/** Runs the command line, and ends the process. */
export async function start(): Promise<void> {
  const io = processIo();
  process.on('uncaughtException', (error) => {
    // After a signal, errors of abandoned work do not matter.
    if (io.signal.aborted) return void endProcess(interruptedCode(io.signal), io.signal);
    try {
      writeSync(2, printable(redactCredentials(unexpectedText(error, process.env))));
    } catch {
      // Nobody would read an error.
    }
    process.exit(1);
  });

  const args = process.argv.slice(2);
  let code = 0;
  // Commands are loaded only if one may run.
  if (args[0] !== '--version' && args[0] !== '-V') code = await (await import('./main.ts')).main(args, io);
  else await io.print(`${packageVersion()}\n`).catch(() => {}); // `end` tells
  // Pending work, such as an open standard input, does not matter any more.
  await endProcess(await io.end(code), io.signal);
}
