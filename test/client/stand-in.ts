import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryDir } from '../temporary-dir.ts';

export interface StandIn {
  /** Holds the program; to be put first in PATH. */
  readonly dir: string;
  /** The arguments of its last call. */
  calledWith(): string;
  /** The arguments of all calls. */
  calls(): string[];
}

/**
 * Writes a program that notes how it was called and then is the daemon's `dial-stdio`.
 * @param before what it does first, in a shell that has its arguments: it may exit instead
 */
export function standIn(name: string, dockerHost: string, before = ''): StandIn {
  const dir = temporaryDir();
  const socket = JSON.stringify(dockerHost.replace('unix://', ''));
  const upgrade = JSON.stringify('POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
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
  writeFileSync(program, `#!/bin/sh\necho "$@" >> ${dir}/args\n${before}\nexec ${process.execPath} ${dir}/relay.mjs\n`);
  chmodSync(program, 0o755);
  const noted = path.join(dir, 'args');
  const calls = () => (existsSync(noted) ? readFileSync(noted, 'utf8').trim().split('\n') : []);
  return { dir, calls, calledWith: () => calls().at(-1) ?? '' };
}
