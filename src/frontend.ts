/**
 * The Dockerfile frontend over standard input and output, on Node. The frontend image has the same frontend on a small
 * engine (engine/main.ts).
 */
import { fstatSync } from 'node:fs';
import { runFrontend } from './gateway/run-frontend.ts';
import { runOverStdio } from './gateway/stdio.ts';

/** Whether BuildKit can be at the other end. */
function isPipe(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

async function startFrontend(): Promise<void> {
  if (![0, 1].every(isPipe)) {
    console.error('This is a frontend for BuildKit. Name its image in the first line of a Dockerfile: # syntax=IMAGE');
    process.exit(2);
  }
  // Standard input would keep the process alive.
  process.exit(await runOverStdio((bridge) => runFrontend(bridge, { explainsSources: true })));
}

void startFrontend();
