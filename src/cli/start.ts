/** The process of the command line, from its arguments to its exit code. */
import { readFileSync, writeSync } from 'node:fs';
import { printable } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { endProcess, interruptedCode } from './interrupt.ts';
import { processIo } from './io.ts';
import { main } from './main.ts';

// an error of ours that nobody expected: one line for people, all of it for who looks into it
process.on('uncaughtException', (error) => {
  if (io.signal.aborted) return void endProcess(interruptedCode(io.signal), io.signal); // it is about what was given up
  const text = process.env['TSFRONT_DEBUG']
    ? (error.stack ?? String(error))
    : systemErrorsInWords(String(error.message ?? error));
  try {
    writeSync(2, `error: ${printable(redactCredentials(text))}\n`);
  } catch {
    // there is nobody to tell
  }
  process.exit(1);
});

const args = process.argv.slice(2);
const io = processIo();
// package.json is two folders up from here, and from dist/chunks as well.
const version = () =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version as string;
let code = 0;
if (args[0] !== '--version' && args[0] !== '-V') code = await main(args, io);
else await io.print(`${version()}\n`).catch(() => {}); // `end` tells
await endProcess(await io.end(code), io.signal); // whatever still waits, such as an open standard input, is of no more use
