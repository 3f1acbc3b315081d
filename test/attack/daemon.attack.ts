/** Daemons that answer, but do not end: the client's own limits, as long as they are. */
import type http2 from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { listHistory, readBlob, solve } from '../../src/client/index.ts';
import { Content } from '../../src/gen/containerd/services/content/v1/content_pb.ts';
import { Control, StatusResponseSchema } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { LLBBridge } from '../../src/gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { frame } from '../../src/rpc/framing.ts';
import { ends } from '../ends.ts';
import { answer, connectTo, fakeBuildkitd } from './fake-buildkitd.ts';

const options = { auth: false as const };

test('reports that go on after the build are left after half a minute', async () => {
  await using daemon = await fakeBuildkitd({
    Solve: (stream) => setTimeout(() => answer(stream, Control.method.solve.output, [{}]), 500),
    Status(stream: http2.ServerHttp2Stream) {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const update = frame(
        toBinary(StatusResponseSchema, create(StatusResponseSchema, { vertexes: [{ digest: 'd' }] })),
      );
      const timer = setInterval(() => stream.write(update), 100);
      stream.on('close', () => clearInterval(timer));
    },
  });
  const connection = await connectTo(daemon);
  const build = solve(connection, { ...options, frontend: 'dockerfile.v0' });
  let updates = 0;
  await ends(
    (async () => {
      for await (const _ of build.status) updates++;
    })(),
    60_000,
  );
  expect(updates).toBeGreaterThan(100);
  await build.result;
  connection.close();
});

test('a daemon that does not take the error of a frontend: the build ends with it after a minute', async () => {
  await using daemon = await fakeBuildkitd({
    Solve: () => {},
    Status: () => {},
    Return: () => {},
    Ping: (stream) => answer(stream, LLBBridge.method.ping.output, [{}]),
  });
  const connection = await connectTo(daemon);
  const frontend = () => Promise.reject(new Error('mine'));
  await expect(ends(solve(connection, { ...options, frontend }).result, 120_000)).rejects.toThrow('mine');
  connection.close();
});

test('a daemon that takes the error of a frontend and goes on: the build ends with it after a minute', async () => {
  await using daemon = await fakeBuildkitd({
    Solve: () => {},
    Status: () => {},
    Return: (stream) => answer(stream, LLBBridge.method.return.output, [{}]),
    Ping: (stream) => answer(stream, LLBBridge.method.ping.output, [{}]),
  });
  const connection = await connectTo(daemon);
  const frontend = () => Promise.reject(new Error('mine'));
  await expect(ends(solve(connection, { ...options, frontend }).result, 120_000)).rejects.toThrow('mine');
  connection.close();
});

test('a list of builds that does not end is an error, whatever it repeats', async () => {
  const { output } = Control.method.listenBuildHistory;
  await using daemon = await fakeBuildkitd({
    ListenBuildHistory(stream: http2.ServerHttp2Stream) {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const one = frame(toBinary(output, create(output, { record: { Ref: 'the same' } })));
      const many = Buffer.concat(Array.from({ length: 1000 }, () => one));
      const more = () => {
        while (!stream.destroyed && stream.write(many));
      };
      stream.on('drain', more);
      more();
    },
  });
  const connection = await connectTo(daemon);
  await expect(ends(listHistory(connection), 300_000)).rejects.toThrow('lists more than 1000000 builds');
  connection.close();
});

test('a blob that does not end is an error', async () => {
  const { output } = Content.method.read;
  await using daemon = await fakeBuildkitd({
    Read(stream: http2.ServerHttp2Stream) {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const message = frame(toBinary(output, create(output, { data: Buffer.alloc(8 << 20) })));
      const more = () => {
        while (!stream.destroyed && stream.write(message));
      };
      stream.on('drain', more);
      more();
    },
  });
  const connection = await connectTo(daemon);
  await expect(ends(readBlob(connection, 'sha256:0'), 300_000)).rejects.toThrow('is longer than 268435456 bytes');
  connection.close();
});
