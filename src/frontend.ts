/**
 * The process that BuildKit starts for `# syntax=`: the Dockerfile frontend over standard input and output. The image
 * starts it from a heap snapshot that was taken when all modules had run; run as a script it starts at once.
 */
import { fstatSync } from 'node:fs';
import { startupSnapshot } from 'node:v8';
import { runFrontend } from './gateway/frontend.ts';
import { runOverStdio } from './gateway/stdio.ts';

/** Whether BuildKit can be at the other end. */
function isPipe(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

async function main(): Promise<void> {
  if (![0, 1].every(isPipe)) {
    console.error('This is a frontend for BuildKit. Name its image in the first line of a Dockerfile: # syntax=IMAGE');
    process.exit(2);
  }
  // Standard input would keep the process alive.
  process.exit(await runOverStdio(runFrontend));
}

if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(() => void main());
else void main();
