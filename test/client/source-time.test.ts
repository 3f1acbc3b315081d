/**
 * A build's time from an archive that a real daemon has downloaded: of one that unpacks to terabytes it is an error.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect, solve } from '../../src/client/index.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const port = 30_000 + (process.pid % 10_000);

/**
 * /small.tar.gz has a file of the second 7; /bomb.tar.gz says that its file has 8 GB, all but half of which is there.
 */
const server = `
  const { createServer } = require('node:http');
  const { gzipSync } = require('node:zlib');
  const header = (size) => {
    const block = Buffer.alloc(512);
    block.write('f', 0);
    block.write(size.padStart(11, '0'), 124);
    block.write('00000000007', 136);
    block.write('        0', 148);
    block.write('ustar\\x0000', 257, 'latin1');
    block.write(block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0') + '\\0 ', 148);
    return block;
  };
  const zeros = gzipSync(Buffer.alloc(1 << 20));
  const bomb = Buffer.concat([gzipSync(header('77777777777')), ...Array.from({ length: 4200 }, () => zeros)]);
  const small = gzipSync(Buffer.concat([header('0'), Buffer.alloc(1024)]));
  createServer((request, response) => response.end(request.url.includes('bomb') ? bomb : small)).listen(${port}, '127.0.0.1');`;

await onEngines('the time of a download', { suites: ['forky', 'trixie'] }, (engine) => {
  let connection: Connection;
  let serving: ReturnType<typeof engine.serve>;
  beforeAll(async () => {
    serving = engine.serve(process.execPath, ['-e', server]);
    connection = await connect(engine.address);
    const up = `for i in $(seq 100); do curl -fsS http://127.0.0.1:${port}/small.tar.gz >/dev/null && exit; sleep 0.1; done; exit 1`;
    if (engine.home) expect((await engine.control('exec', 'sh', '-c', up)).status).toBe(0);
    else await engine.must('sh', ['-c', up]);
  });
  afterAll(() => {
    connection?.close();
    serving?.kill();
  });

  const build = (name: string, dest = temporaryDir()) => {
    const dir = temporaryDir();
    const lines = [
      'ARG SOURCE_DATE_EPOCH=source',
      'FROM scratch AS source',
      `ADD http://127.0.0.1:${port}/${name} /`,
      'FROM scratch',
      'ARG SOURCE_DATE_EPOCH',
      'COPY <<EOF /time',
      '$SOURCE_DATE_EPOCH',
      'EOF',
    ];
    writeFileSync(path.join(dir, 'Dockerfile'), lines.join('\n'));
    const localDirs = { context: dir, dockerfile: dir };
    return solve(connection, { frontend: runFrontend, localDirs, exports: [{ type: 'local', dest }], auth: false })
      .result;
  };

  test('the time of an archive is that of its newest file', async () => {
    const dest = temporaryDir();
    await build('small.tar.gz', dest);
    expect(readFileSync(path.join(dest, 'time'), 'utf8')).toBe('7\n');
  });

  test('an archive that unpacks to too much is refused', async () => {
    await expect(build('bomb.tar.gz')).rejects.toThrow(
      /failed to find the time of http:\/\/127\S+bomb.tar.gz: an archive of \d+ bytes unpacks to more than 4294967296 bytes/,
    );
  });
});
