/**
 * Builds again and again in one process and prints, as JSON, what that leaves:
 * `node --expose-gc build-often.ts ADDRESS BASE COUNT`. TMPDIR is counted too.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, dockerfileFrontend, solve } from '../../src/client/index.ts';

const [address, base, count] = process.argv.slice(2);
const dir = mkdtempSync(path.join(process.cwd(), 'often-'));
writeFileSync(path.join(dir, 'file'), 'of the context');
const dockerfile = `FROM ${base} AS made\nARG CASE\nFROM scratch\nARG CASE\nCOPY file /file-$CASE\nCOPY --from=made /bin/sh /sh\n`;
const connection = await connect(address!);
const abort = new AbortController(); // one for all, as a program has
const samples: object[] = [];

for (let i = 0; i <= Number(count); i++) {
  if (i % (Number(count) / 10) === 0) samples.push(await sample());
  const dest = path.join(dir, `dest-${i}`);
  const failing = i % 5 === 4; // a fifth of them fail, which takes other ways
  const build = solve(connection, {
    frontend: dockerfileFrontend,
    frontendAttrs: { 'build-arg:CASE': String(i % 3), ...(failing && { target: 'absent' }) },
    localDirs: { context: dir, dockerfile: { Dockerfile: dockerfile } },
    exports: [{ type: 'local', dest }],
    auth: false,
    signal: abort.signal,
  });
  const error = await build.result.then(() => undefined).catch((thrown: unknown) => thrown as Error);
  if (failing !== (error !== undefined)) throw error ?? new Error('a build of an absent stage has succeeded');
  if (!failing && readFileSync(path.join(dest, `file-${i % 3}`), 'utf8') !== 'of the context')
    throw new Error(`build ${i}`);
  rmSync(dest, { recursive: true, force: true });
}
connection.close();
console.log(JSON.stringify(samples));
rmSync(dir, { recursive: true });

async function sample(): Promise<object> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc!();
  }
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return {
    heap: process.memoryUsage().heapUsed,
    files: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length,
    listeners,
    temporary: readdirSync(tmpdir()).length,
    beside: readdirSync(dir).length,
  };
}
