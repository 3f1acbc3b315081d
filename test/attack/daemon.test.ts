/** Daemons that stop, lie or flood: each ends with an error in bounded time, and nothing of the build is left. */
import net from 'node:net';
import { expect, test } from 'vitest';
import { parseAddress } from '../../src/client/connect/address.ts';
import { dial } from '../../src/client/connect/dial.ts';
import { solve } from '../../src/client/index.ts';
import { Control } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { createDuplexChannel } from '../../src/rpc/channel.ts';
import { createClient } from '../../src/rpc/client.ts';
import { ends } from '../ends.ts';
import { connectTo, fakeBuildkitd, listen } from './fake-buildkitd.ts';
import { attacks } from './http2-attacks.ts';
import { serveFrames } from './http2-frames.ts';

const silent = /was lost: no sign of life for 0\.6 s; it hangs or is suspended/;
const files = { Dockerfile: 'FROM scratch\n' };
const options = { frontend: 'dockerfile.v0', auth: false as const, localDirs: { context: files, dockerfile: files } };

test('a daemon that freezes in a build is given up', async () => {
  await using daemon = await fakeBuildkitd({ Solve: (_, daemon) => setTimeout(() => daemon.freeze(), 100) });
  const connection = await connectTo(daemon);
  const build = solve(connection, options);
  const seen = (async () => {
    for await (const _ of build.status);
  })();
  await expect(ends(build.result)).rejects.toThrow(silent);
  await ends(seen);
  connection.close();
});

test('a daemon that says nothing for long, but answers, is waited for', async () => {
  await using daemon = await fakeBuildkitd({
    Solve: (stream) =>
      setTimeout(
        () => stream.respond({ ':status': 200, 'grpc-status': '2', 'grpc-message': 'late' }, { endStream: true }),
        3000,
      ),
    Status: () => {},
  });
  const connection = await connectTo(daemon);
  await expect(ends(solve(connection, options).result)).rejects.toThrow(/^late$/);
  expect(daemon.calls.filter((method) => method === 'Check').length).toBeGreaterThan(3);
  connection.close();
});

test.each(attacks.map(([name, , attack]) => [name, attack] as const))(
  '%s is an error of the call',
  async (_, attack) => {
    let attacked: unknown;
    const server = net.createServer((socket) =>
      serveFrames(socket, (id) => {
        attacked = attack(socket, id);
      }),
    );
    await using daemon = await listen(server);
    const channel = createDuplexChannel({
      target: 'it',
      authority: 'localhost',
      dial: () => dial(parseAddress(daemon.address), { signal: AbortSignal.timeout(5000) }),
      silenceMs: 600,
    });
    const call = createClient(Control, channel).info({});
    await expect(ends(call)).rejects.toMatchObject({ name: 'RpcError' });
    channel.close();
    expect(Number((await attacked) ?? 0)).toBeLessThan(40 << 20);
  },
);
