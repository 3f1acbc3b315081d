/** Daemons that stop, lie or flood: each ends with an error in bounded time, and nothing of the build is left. */
import { expect, test } from 'vitest';
import { solve } from '../../src/client/index.ts';
import { ends } from '../ends.ts';
import { connectTo, fakeBuildkitd } from './fake-buildkitd.ts';

const silent = /gave no sign of life for 0\.6 s: it hangs or is suspended/;
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
