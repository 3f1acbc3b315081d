/** A daemon that takes the connection and never answers: there is nobody to whom an error could be returned. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { onBinary } from './binary.ts';
import { onNode } from './messages.ts';

/** Starts a frontend, and stops it when it has spoken. */
async function stopUnanswered(command: readonly string[]): Promise<{ code: number; stderr: string }> {
  const env = { BUILDKIT_SESSION_ID: 'session', BUILDKIT_WORKERS: '[]' };
  const child = spawn(command[0]!, command.slice(1), { env, stdio: 'pipe' });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  return { code, stderr };
}

const stopped = { code: 2, stderr: 'tsfront: Canceled: context canceled: the frontend received SIGTERM\n' };

test('the frontend on Node ends at the first signal', async () => {
  expect(await stopUnanswered(onNode)).toEqual(stopped);
});

onBinary('the program of the image', (file) => {
  test('ends at the first signal', async () => {
    expect(await stopUnanswered([file])).toEqual(stopped);
  });
});
