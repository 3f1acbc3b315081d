/** Docker engines that stop, lie or flood. */
import { createServer, type RequestListener } from 'node:http';
import net from 'node:net';
import { finished } from 'node:stream/promises';
import { expect, test, vi } from 'vitest';
import { upgrade } from '../../src/client/connect/upgrade.ts';
import { dockerLoader, dockerPush } from '../../src/client/index.ts';
import { ends } from '../ends.ts';
import { stopWatches } from '../watches.ts';
import { listen } from './fake-buildkitd.ts';

vi.mock(import('../../src/rpc/liveness.ts'), async (original) => {
  const { recorded } = await import('../watches.ts');
  return recorded(await original());
});

/** An engine that is there; `answer` does the rest. */
async function engine(answer: RequestListener, ping: RequestListener = (_, response) => response.end('OK')) {
  const server = createServer((request, response) => (request.url === '/_ping' ? ping : answer)(request, response));
  const daemon = await listen(server);
  const address = daemon.address.replace('buildkit+', '');
  const options = { address, env: {}, timeout: 20_000, patience: 600 };
  return { daemon, options, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

const load = async (options: Parameters<typeof dockerLoader>[0]) => {
  const archive = await dockerLoader(options).dest({});
  archive.end(Buffer.alloc(100_000));
  await finished(archive);
};
const credentials = async () => ({ username: '', password: '', identityToken: '', registryToken: '' });
const push = (options: Parameters<typeof dockerLoader>[0]) =>
  dockerPush('example.com/a:1', { ...options, credentials });
const silent = 'the Docker engine gave no sign of life for 0.6 s';

test('a Docker engine that stops while it loads an image is given up', async () => {
  await using it = await engine(
    (request) => request.resume(),
    () => {},
  );
  await expect(ends(load(it.options))).rejects.toThrow(`the Docker engine did not load the image: ${silent}`);
});

test('a Docker engine that stops is given up after the time of TSFRONT_PATIENCE', async () => {
  await using it = await engine(
    (request) => request.resume(),
    () => {},
  );
  const waiting = (seconds: string) => ({ ...it.options, patience: undefined, env: { TSFRONT_PATIENCE: seconds } });
  await expect(ends(load(waiting('0.9')))).rejects.toThrow('no sign of life for 0.9 s');
  await expect(load(waiting('a while'))).rejects.toThrow('TSFRONT_PATIENCE must be a number of seconds');
});

test('a Docker engine that takes no more of an image is given up', async () => {
  await using it = await engine(
    (request) => request.pause(),
    () => {},
  );
  const archive = await dockerLoader(it.options).dest({});
  const failed = finished(archive);
  const more = () => {
    while (!archive.destroyed && archive.write(Buffer.alloc(1 << 20)));
  };
  archive.on('drain', more);
  more();
  await expect(ends(failed)).rejects.toThrow(silent);
});

test('a Docker engine that stops while it pushes is given up', async () => {
  await using it = await engine(
    (_, response) => response.write('{"status":"Preparing"}\n'),
    () => {},
  );
  await expect(ends(push(it.options))).rejects.toThrow(`failed to push example.com/a:1: ${silent}`);
});

test('a Docker engine that works for a long time is waited for', async () => {
  const { answered } = stopWatches(60_000);
  let pings = 0;
  let end: (() => void) | undefined;
  await using it = await engine(
    (request, response) =>
      request.resume().on('end', () => {
        end = () => response.end('{}');
      }),
    (_, response) => {
      pings++;
      response.end('OK');
    },
  );
  const loading = load({ ...it.options, patience: 60_000 });
  await expect.poll(() => end).toBeDefined();
  for (let i = 0; i < 60; i++) await ends(answered());
  expect(pings).toBeGreaterThan(50);
  end!();
  await ends(loading);
});

test('an error that is not JSON is told as it stands', async () => {
  await using it = await engine((_, response) => response.end('{"error":"bad \\x escape"}'));
  await expect(ends(push(it.options))).rejects.toThrow('failed to push example.com/a:1: "bad \\x escape"');
});

test('a line without end is read to a limit', async () => {
  await using it = await engine((_, response) => {
    const line = Buffer.alloc(1 << 20, '"error":"');
    let left = 64;
    const more = () => {
      while (left-- > 0) if (!response.write(line)) return;
      response.end('",{"error":"denied"}');
    };
    response.on('drain', more);
    more();
  });
  await expect(ends(push(it.options))).rejects.toThrow('the engine reports an error without saying which');
});

test('a push of which nothing is told is an error', async () => {
  await using it = await engine((_, response) => response.end('{"status":"done"}'));
  await expect(ends(push(it.options))).rejects.toThrow('the Docker engine did not say what it has pushed');
});

test('an upgrade that drips is given up', async () => {
  const server = net.createServer((socket) => {
    const timer = setInterval(() => socket.write(socket.bytesWritten === 0 ? 'HTTP/1.1 101 x\r\n' : 'a'), 10);
    socket.on('close', () => clearInterval(timer));
  });
  await using daemon = await listen(server);
  const connection = net.connect(Number(daemon.address.split(':').at(-1)), '127.0.0.1');
  await expect(ends(upgrade(connection, '/grpc', {}, AbortSignal.timeout(500)))).rejects.toThrow(/timeout/);
  expect(connection.destroyed).toBe(true);
});
