import { spawnSync } from 'node:child_process';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ReadFileRequestSchema, ReadFileResponseSchema } from '../../src/gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { entry, notFound, startFrontend as start } from './frontend-process.ts';
import type { Handler } from './server.ts';

const dockerfile =
  (text: string | Uint8Array): Handler =>
  (_, request) => {
    if (fromBinary(ReadFileRequestSchema, request).FilePath !== 'Dockerfile') return notFound();
    const Data = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    return toBinary(ReadFileResponseSchema, create(ReadFileResponseSchema, { Data }));
  };

describe('the frontend process', () => {
  test('returns a result and ends', async () => {
    const { exited } = start({ ReadFile: dockerfile('FROM scratch\n') });
    const { code, returned } = await exited;
    expect(code).toBe(0);
    expect(returned?.error).toBeUndefined();
  });

  test('returns an error for a bad Dockerfile', async () => {
    const { exited } = start({ ReadFile: dockerfile('FROM scratch\nRUM x\n') });
    const { code, returned } = await exited;
    expect(code).toBe(1);
    expect(returned?.error?.message).toContain('dockerfile parse error on line 2: unknown instruction: RUM');
    expect(returned?.error?.details).toHaveLength(1);
  });

  test('names flags of docker build in a hint', async () => {
    const text =
      "import { arg, scratch } from 'tsfront/build';\nexport default () => scratch().env({ A: arg('V') });\n";
    const Data = new TextEncoder().encode(text);
    const ReadFile: Handler = (_, request) =>
      fromBinary(ReadFileRequestSchema, request).FilePath === 'build.ts'
        ? toBinary(ReadFileResponseSchema, create(ReadFileResponseSchema, { Data }))
        : notFound();
    const { returned } = await start({ ReadFile }, { BUILDKIT_FRONTEND_OPT_0: 'filename=build.ts' }).exited;
    expect(returned?.error?.message).toBe('the build argument V is required\nhint: Give it with --build-arg V=VALUE.');
  });

  test('returns an error when it is told to stop', async () => {
    const { child, exited } = start({
      Solve: () => {
        setTimeout(() => child.kill('SIGTERM'), 50);
        return new Promise(() => {});
      },
    });
    const { code, returned } = await exited;
    expect(code).toBe(1);
    expect(returned?.error).toMatchObject({ code: 1, message: 'context canceled: the frontend received SIGTERM' });
  });

  test('ends in the midst of long work when it is told to stop', async () => {
    const long = dockerfile(`FROM scratch\n${'EXPOSE 1-65535\n'.repeat(300)}`);
    const { child, exited } = start({
      ReadFile(...call) {
        if (!/Dockerfile$/.test(fromBinary(ReadFileRequestSchema, call[1]).FilePath)) return notFound();
        setTimeout(() => child.kill('SIGTERM'), 1000);
        return long(...call);
      },
    });
    const { code, returned } = await exited;
    expect(code).toBe(1);
    expect(returned?.error).toMatchObject({ code: 1, message: 'context canceled: the frontend received SIGTERM' });
  });

  test('ends when it is told to stop while nobody takes its result', async () => {
    const { child, exited } = start({
      ReadFile: dockerfile('FROM scratch\n'),
      Return: () => {
        child.kill('SIGTERM');
        return new Promise(() => {});
      },
    });
    expect(await exited).toMatchObject({ code: 2, returned: undefined });
  });

  test('says what it is when no daemon started it', () => {
    const { status, stderr } = spawnSync(process.execPath, [entry], { stdio: ['ignore', 'pipe', 'pipe'] });
    expect(status).toBe(2);
    expect(stderr.toString()).toContain('# syntax=IMAGE');
  });

  test('ends when the daemon goes away', async () => {
    const { session, exited } = start({
      Solve: () => {
        setTimeout(() => session.destroy(), 50);
        return new Promise(() => {});
      },
    });
    const { code, returned, stderr } = await exited;
    expect({ code, returned }).toEqual({ code: 2, returned: undefined });
    expect(stderr).toContain('tsfront: Unavailable: ');
  });

  test('reports why it cannot start', async () => {
    const { exited } = start({
      Ping: () => {
        throw Object.assign(new Error('no bridge here'), { code: 12 });
      },
    });
    expect(await exited).toMatchObject({ code: 2, stderr: 'tsfront: Unimplemented: no bridge here\n' });
  });

  test('returns an error for an answer beyond the limit', async () => {
    const { exited } = start({ ReadFile: dockerfile(new Uint8Array(17 << 20)) });
    const { returned } = await exited;
    expect(returned?.error).toMatchObject({ code: 8 });
    expect(returned?.error?.message).toMatch(
      /^failed to read dockerfile: grpc: received message larger than max \(\d+ vs\. 16777216\)$/,
    );
  });

  test('returns an error without the source if that is too long to quote', async () => {
    const long = `FROM scratch\n${`# ${'x'.repeat(60_000)}\n`.repeat(220)}RUM x\n`;
    const { exited } = start({ ReadFile: dockerfile(long) });
    const { returned } = await exited;
    expect(returned?.error?.message).toContain('unknown instruction: RUM');
    const [detail] = returned?.error?.details ?? [];
    const info = JSON.parse(new TextDecoder().decode(detail?.value)).info;
    expect(Object.keys(info)).toEqual(['filename', 'language']);
  });
});
