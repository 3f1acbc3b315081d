/** A BuildKit that stops answering: the frontend's own limits, as long as they are. */
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { pong, spawnFrontend, startFrontend } from '../gateway/frontend-process.ts';
import { answerOf, serveFrames } from './http2-frames.ts';

const never = () => new Promise<never>(() => {});

test.concurrent.each<[string, (stream: Duplex) => void]>([
  ['freezes', (stream) => stream.pause()],
  ['answers pings of HTTP/2 only', () => {}],
])('a daemon that %s after its first answers: the process ends after 2 minutes', async (_, stop) => {
  const { stream, exited } = spawnFrontend();
  serveFrames(stream, (id, nth) => {
    if (nth === 0) stream.write(Buffer.concat(answerOf(id, pong())));
    else if (nth === 1)
      stream.write(Buffer.concat(answerOf(id, Buffer.alloc(0)))); // Inputs
    else stop(stream);
  });
  expect(await exited).toEqual({
    code: 2,
    stderr: 'tsfront: Unavailable: the connection to BuildKit was lost: no sign of life for 120 s\n',
  });
});

test.concurrent('a daemon that ignores the result: the process ends after a minute', async () => {
  const { exited } = startFrontend({ Return: never });
  const { code, stderr } = await exited;
  expect(code).toBe(2);
  expect(stderr).toBe(
    'tsfront: DeadlineExceeded: no answer to /moby.buildkit.v1.frontend.LLBBridge/Return within 60 s\n',
  );
});

test.concurrent('a daemon that builds for longer than that is waited for', async () => {
  const { exited } = startFrontend({
    Solve: () => new Promise((_, reject) => setTimeout(reject, 150_000, new Error('late'))),
  });
  expect(await exited).toMatchObject({
    code: 1,
    returned: { error: { message: 'failed to resolve dockerfile: late' } },
  });
});
