/** Daemons that stop, lie or flood: each ends with an error in bounded time, and nothing of the build is left. */
import { readdirSync } from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import path from 'node:path';
import { duplexPair } from 'node:stream';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test, vi } from 'vitest';
import { parseAddress } from '../../src/client/connect/address.ts';
import { dial } from '../../src/client/connect/dial.ts';
import {
  createDisplay,
  emptyBuildState,
  listWorkers,
  type ProgressMode,
  readBlob,
  reduceStatus,
  type StatusUpdate,
  showProgress,
  solve,
} from '../../src/client/index.ts';
import { Content } from '../../src/gen/containerd/services/content/v1/content_pb.ts';
import { Control, StatusResponseSchema } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { LLBBridge } from '../../src/gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { FileSend, FileSync } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { createDuplexChannel } from '../../src/rpc/channel.ts';
import { createClient } from '../../src/rpc/client.ts';
import { frame } from '../../src/rpc/framing.ts';
import { ends } from '../ends.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { stopWatches } from '../watches.ts';
import { answer, connectTo, type FakeBuildkitd, fakeBuildkitd, listen } from './fake-buildkitd.ts';
import { attacks } from './http2-attacks.ts';
import { serveFrames } from './http2-frames.ts';

vi.mock(import('../../src/rpc/liveness.ts'), async (original) => {
  const { recorded } = await import('../watches.ts');
  return recorded(await original());
});

const silent = /was lost: no sign of life for 60 s; it hangs or is suspended/;
const files = { Dockerfile: 'FROM scratch\n' };
const options = { frontend: 'dockerfile.v0', auth: false as const, localDirs: { context: files, dockerfile: files } };

test('a daemon that freezes in a build is given up', async () => {
  const { unanswered } = stopWatches(60_000);
  await using daemon = await fakeBuildkitd({ Solve: (_, daemon) => daemon.freeze(), Status: () => {} });
  const connection = await connectTo(daemon);
  const build = solve(connection, options);
  const seen = (async () => {
    for await (const _ of build.status);
  })();
  await expect.poll(() => daemon.calls).toContain('Solve');
  unanswered();
  await expect(ends(build.result)).rejects.toThrow(silent);
  await ends(seen);
  connection.close();
});

test('a daemon that says nothing for long, but answers, is waited for', async () => {
  const { answered } = stopWatches(60_000);
  let end = () => {};
  await using daemon = await fakeBuildkitd({
    Solve(stream) {
      end = () => stream.respond({ ':status': 200, 'grpc-status': '2', 'grpc-message': 'late' }, { endStream: true });
    },
    Status: () => {},
  });
  const connection = await connectTo(daemon);
  const build = solve(connection, options);
  await expect.poll(() => daemon.calls).toContain('Solve');
  for (let i = 0; i < 60; i++) await ends(answered());
  expect(daemon.calls.filter((method) => method === 'Check').length).toBeGreaterThan(50);
  end();
  await expect(ends(build.result)).rejects.toThrow(/^late$/);
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
    });
    const call = createClient(Control, channel).info({});
    await expect(ends(call)).rejects.toMatchObject({ name: 'RpcError' });
    channel.close();
    expect(Number((await attacked) ?? 0)).toBeLessThan(40 << 20);
  },
);

/** Updates as fast as they are taken, for ever. */
const statusFlood = (stream: http2.ServerHttp2Stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  const update = frame(
    toBinary(StatusResponseSchema, create(StatusResponseSchema, { vertexes: [{ digest: 'd', name: 'n' }] })),
  );
  const more = () => {
    while (!stream.destroyed && stream.write(update));
  };
  stream.on('drain', more);
  more();
};

test('transfers that the daemon starts and leaves do not keep a build that is stopped', async () => {
  await using daemon = await fakeBuildkitd({ Solve: () => {}, Status: () => {} });
  const connection = await connectTo(daemon);
  const dir = temporaryDir({ big: Buffer.alloc(32 << 20) });
  const [ours, theirs] = duplexPair();
  theirs.once('close', () => ours.destroy()); // a pair does not hand that on
  const session = createDuplexChannel({ target: 'session', authority: 'localhost', dial: async () => ours });
  const abort = new AbortController();
  const build = solve(
    { ...connection, openSession: async () => theirs },
    {
      ...options,
      localDirs: { context: dir },
      exports: [
        { type: 'local', dest: path.join(dir, 'out') },
        { type: 'tar', dest: path.join(dir, 'out.tar') },
      ],
      ...{ signal: abort.signal, sharedKey: 'k' },
    },
  );
  await expect.poll(() => daemon.calls).toContain('Solve');
  // Asked for what nobody takes, and given what never comes.
  const reading = createClient(FileSync, session).diffCopy({ metadata: { 'dir-name': 'context' } });
  const first = await reading.messages[Symbol.asyncIterator]().next();
  expect(first.done).toBe(false);
  const writing = createClient(FileSend, session).diffCopy({ metadata: { 'buildkit-exporter-id': '1' } });
  await writing.send({ data: Buffer.from('half of an archive') });
  abort.abort(new Error('stopped'));
  await expect(ends(build.result)).rejects.toThrow('stopped');
  expect(readdirSync(dir)).toEqual(['big']);
  session.close();
  connection.close();
});

test('reports of a build that was stopped which never end are left', async () => {
  await using daemon = await fakeBuildkitd({ Solve: () => {}, Status: statusFlood });
  const connection = await connectTo(daemon);
  const abort = new AbortController();
  const build = solve(connection, { ...options, signal: abort.signal });
  let updates = 0;
  const watching = (async () => {
    for await (const _ of build.status) if (updates++ === 0) abort.abort(new Error('stopped'));
  })();
  await expect(ends(build.result)).rejects.toThrow('stopped');
  await ends(watching);
  connection.close();
});

test('reports that stay open after the build are left', async () => {
  await using daemon = await fakeBuildkitd({
    Status: (stream) => stream.respond({ ':status': 200, 'content-type': 'application/grpc' }),
  });
  const connection = await connectTo(daemon);
  const build = solve(connection, options);
  for await (const _ of build.status);
  expect((await build.result).exporterResponse).toEqual({});
  connection.close();
});

const huge = 2n ** 63n - 1n;
const odd = {
  vertexes: [
    { digest: '', name: '', inputs: ['', ''] },
    { digest: 'sha256:../../x', name: 'a\u001b]0;x\u0007\u0000', inputs: ['b'], started: { seconds: huge, nanos: -1 }, completed: { seconds: -huge } },
    { digest: 'b', name: 'b'.repeat(100_000), inputs: ['sha256:../../x', 'b'], started: { seconds: -1n }, error: 'e\u001b[2J' },
    { digest: '__proto__', name: 'constructor', inputs: ['__proto__'], completed: { seconds: 1n, nanos: 2 ** 31 - 1 } },
  ],
  statuses: [
    { ID: '', vertex: '' },
    { ID: '__proto__', vertex: 'b', name: '', current: -huge, total: huge, timestamp: { seconds: huge }, started: { seconds: huge }, completed: { seconds: -huge } },
    { ID: 'x', vertex: 'unknown', current: huge, total: -1n },
  ],
  logs: [
    { vertex: 'b', stream: huge, msg: Buffer.from('ff00fe0a1b5b324a', 'hex'), timestamp: { seconds: -huge, nanos: -5 } },
    { vertex: 'unknown', stream: -1n, msg: Buffer.alloc(1 << 20, 'x') },
  ],
  warnings: [
    { vertex: 'b', level: -huge, short: Buffer.from('ff', 'hex'), detail: [Buffer.from('ff', 'hex')], url: 'javascript:1', ranges: [{ start: { line: -5, character: 2 ** 31 - 1 } }, {}] },
    { vertex: 'unknown', info: { data: Buffer.from('ff', 'hex'), filename: '\u001b' }, ranges: [{ start: { line: 2 ** 31 - 1 }, end: { line: -1 } }] },
  ],
}; // biome-ignore format: as it comes

test.each<ProgressMode>(['plain', 'rawjson', 'tty'])('reports that make no sense are shown as %s', async (mode) => {
  const solved = Promise.withResolvers<http2.ServerHttp2Stream>();
  await using daemon = await fakeBuildkitd({
    Solve: (stream) => solved.resolve(stream),
    Status(stream) {
      stream.on('close', async () => answer(await solved.promise, Control.method.solve.output, [{}]));
      answer(stream, StatusResponseSchema, [odd, odd]);
    },
  });
  const connection = await connectTo(daemon);
  let shown = '';
  const out = { isTTY: mode === 'tty', columns: 80, rows: 24, write: (text: string) => (shown += text) };
  const build = solve(connection, options);
  const updates: StatusUpdate[] = [];
  const seen = (async function* () {
    for await (const update of build.status) {
      updates.push(update);
      yield update;
    }
  })();
  await ends(showProgress(seen, await createDisplay(mode, out)));
  expect(updates).toHaveLength(2);
  expect(shown).not.toBe('');
  expect(reduceStatus(emptyBuildState, updates[0]!).vertexes.size).toBe(4);
  await build.result;
  connection.close();
});

const call = async (daemon: FakeBuildkitd) => {
  const connection = await connectTo(daemon);
  return ends(listWorkers(connection)).finally(() => connection.close());
};

/** Answers the first question well, which is asked when connecting. */
const second = (act: (stream: http2.ServerHttp2Stream) => void) => {
  let calls = 0;
  return fakeBuildkitd({
    ListWorkers: (stream) => (calls++ === 0 ? answer(stream, Control.method.listWorkers.output, [{}]) : act(stream)),
  });
};

test('an answer without a status is an error', async () => {
  await using daemon = await second((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end(frame(new Uint8Array(0)));
  });
  await expect(call(daemon)).rejects.toThrow(/ended .*ListWorkers without a status$/);
});

test('an answer of more than 16 MiB is an error', async () => {
  await using daemon = await second((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end(frame(Buffer.alloc((16 << 20) + 1)));
  });
  await expect(call(daemon)).rejects.toThrow('received message larger than max (16777217 vs. 16777216)');
});

test.each([1, 2000])('a call for one answer that gets %d more is an error', async (more) => {
  await using daemon = await second((stream) =>
    answer(
      stream,
      Control.method.listWorkers.output,
      Array.from({ length: 1 + more }, () => ({ record: [{ ID: 'w'.repeat(10_000) }] })),
    ),
  );
  await expect(call(daemon)).rejects.toThrow(/ListWorkers was answered more than once$/);
});

test('more calls than the daemon takes at once wait for their turn', async () => {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 10 } });
  const open = new Map<unknown, number>();
  let most = 0;
  const count = (of: unknown, by: number) => {
    open.set(of, (open.get(of) ?? 0) + by);
    most = Math.max(most, open.get(of)!);
  };
  server.on('stream', (stream) => {
    const { session } = stream;
    count(session, 1);
    stream.resume();
    setTimeout(() => {
      count(session, -1);
      answer(stream, LLBBridge.method.ping.output, [{}]);
    }, 10);
  });
  await using daemon = await listen(server);
  const channel = createDuplexChannel({
    target: 'it',
    authority: 'localhost',
    dial: () => dial(parseAddress(daemon.address), { signal: AbortSignal.timeout(5000) }),
  });
  const client = createClient(LLBBridge, channel);
  await client.ping({}); // the server has told its limit
  await ends(Promise.all(Array.from({ length: 300 }, () => client.ping({}))));
  expect(most).toBeLessThanOrEqual(10);
  expect(open.size).toBeGreaterThan(1);
  expect(open.size).toBeLessThanOrEqual(16);
  channel.close();
});

test('a blob whose bytes are not those of its digest is an error', async () => {
  const { output } = Content.method.read;
  await using daemon = await fakeBuildkitd({
    Read: (stream) => answer(stream, output, [{ data: Buffer.from('other') }]),
  });
  const connection = await connectTo(daemon);
  const digest = `sha256:${'0'.repeat(64)}`;
  await expect(ends(readBlob(connection, digest))).rejects.toThrow(`has sent other bytes than those of ${digest}`);
  connection.close();
});
