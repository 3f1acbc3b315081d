import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { connect, solve } from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from './temporary-dir.ts';

await onEngines('a command on the way to the daemon', { suites: ['forky'] }, (engine) => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env['PATH'] = PATH;
  });

  /** Puts a program first in PATH that notes how it was called and then is the daemon's `dial-stdio`. */
  const standIn = (name: string) => {
    const dir = temporaryDir();
    const socket = JSON.stringify(engine.dockerHost.replace('unix://', ''));
    const upgrade = JSON.stringify(
      'POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    writeFileSync(
      path.join(dir, 'relay.mjs'),
      `import net from 'node:net';
       const socket = net.connect(${socket});
       socket.write(${upgrade});
       let head = '';
       socket.on('data', function read(chunk) {
         head += chunk.toString('latin1');
         const end = head.indexOf('\\r\\n\\r\\n');
         if (end < 0) return;
         socket.off('data', read);
         process.stdout.write(Buffer.from(head.slice(end + 4), 'latin1'));
         socket.pipe(process.stdout);
         process.stdin.pipe(socket);
       });`,
    );
    const program = path.join(dir, name);
    writeFileSync(program, `#!/bin/sh\necho "$@" > ${dir}/args\nexec ${process.execPath} ${dir}/relay.mjs\n`);
    chmodSync(program, 0o755);
    process.env['PATH'] = `${dir}:${PATH}`;
    return () => readFileSync(path.join(dir, 'args'), 'utf8').trim();
  };

  test.skipIf(!engine.dockerHost).each([
    ['docker-container://builder', 'docker', 'exec -i builder buildctl dial-stdio'],
    ['ssh://me@host:2222', 'ssh', '-o ConnectTimeout=7 -T -l me -p 2222 -- host buildctl dial-stdio'],
    ['stdio:docker buildx dial-stdio', 'docker', 'buildx dial-stdio'],
  ])('%s', async (address, program, args) => {
    const calledWith = standIn(program);
    const connection = await connect(address);
    try {
      const dest = temporaryDir();
      const files = { Dockerfile: 'FROM scratch\nCOPY f /\n', f: 'contents' };
      const localDirs = { context: files, dockerfile: files };
      await solve(connection, { frontend: 'dockerfile.v0', localDirs, exports: [{ type: 'local', dest }], auth: false })
        .result;
      expect(readFileSync(path.join(dest, 'f'), 'utf8')).toBe('contents');
      expect(connection.kind).toBe('buildkitd');
      expect(calledWith()).toBe(args);
    } finally {
      connection.close();
    }
  });
});
