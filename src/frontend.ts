/** The process that BuildKit starts for `# syntax=`: the Dockerfile frontend over standard input and output. */
import { runFrontend } from './gateway/frontend.ts';
import { runOverStdio } from './gateway/stdio.ts';

if (process.stdin.isTTY) {
  console.error('This is a frontend for BuildKit. Name its image in the first line of a Dockerfile: # syntax=IMAGE');
  process.exit(2);
}
// Standard input would keep the process alive.
process.exit(await runOverStdio(runFrontend));
