import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { Control } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { createDuplexChannel } from '../../src/rpc/channel.ts';
import { createClient } from '../../src/rpc/client.ts';
import { ends } from '../ends.ts';
import { runCommand } from '../engine/command.ts';
import { stopClock } from '../http/stopped-clock.ts';
import { temporaryDir } from '../temporary-dir.ts';

const servers: { close(): void }[] = [];
const sockets = new Set<net.Socket>();
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

async function listen(server: Server | http2.Http2Server): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Docker's API as far as `_ping`; `answer` does the rest. */
const docker = (answer: RequestListener) => {
  const server = createServer((request, response) => {
    if (request.url === '/_ping') response.end('OK');
    else answer(request, response);
  });
  return server;
};

const failure = async (address: string, timeout?: number) => {
  const error = await ends(connect(address, { timeout, env: {} }).catch((reason: unknown) => reason));
  expect(error).toBeInstanceOf(Error);
  return (error as Error).message;
};

const advice = 'is it a BuildKit or Docker daemon, and does it take connections without TLS?';

test.each([
  ['unix:///nonexistent.sock', 'there is no such socket; is the daemon running?'],
  ['tcp://127.0.0.1:1', 'nothing listens there; is the daemon running?'],
  ['stdio:false', 'false ended with code 1'],
  ['stdio:no-such-command', 'the command no-such-command is not installed'],
  ['stdio:cat', 'what answers there does not speak gRPC; is it a BuildKit or Docker daemon?'],
  ['tcp://127.0.0.1:1?cacert=/nonexistent.pem', 'cacert=/nonexistent.pem: no such file or directory'],
])('%s is not there', async (address, message) => {
  expect(await failure(address)).toBe(`cannot connect to ${address}: ${message}`);
});

test.each<[string, () => Server | http2.Http2Server, string, string]>([
  ['some web server', () => createServer((_, answer) => answer.writeHead(404).end()), '',
    'an HTTP server answers there, but it is not a Docker engine (HTTP/1.1 404 Not Found to GET /_ping)'],
  ['a Docker engine of before BuildKit', () => docker((_, answer) => answer.writeHead(404).end()), '',
    'the Docker engine does not offer BuildKit at /grpc (HTTP/1.1 404 Not Found); it takes Docker 18.09 or newer'],
  ['a Docker engine that refuses', () => docker((_, answer) => answer.writeHead(403).end('{"message":"denied \\"by\\" plugin"}')), '',
    'the Docker engine refused /grpc: HTTP/1.1 403 Forbidden: denied "by" plugin'],
  ['a server that speaks first', () => net.createServer((socket) => void socket.write('SSH-2.0-x\r\n')), '',
    `what answers there does not speak gRPC; ${advice}`],
  ['no Docker engine', () => net.createServer((socket) => void socket.write('SSH-2.0-x\r\n')), 'docker+',
    'what answers there does not speak HTTP/1, as the Docker engine does'],
  ['a web server that is to be BuildKit', () => createServer(), 'buildkit+',
    `what answers there does not speak gRPC; ${advice}`],
  ['a server without TLS', () => createServer(), 'https', 'the server does not speak TLS'],
])('%s is told apart', async (_, create, prefix, message) => {
  const server = await listen(create());
  const address = prefix === 'https' ? `https://${server}` : `${prefix}tcp://${server}`;
  expect(await failure(address)).toBe(`cannot connect to ${address}: ${message}`);
}); // biome-ignore format: a table

test('a server that hangs up, or is another one on HTTP/2, is told apart', async () => {
  const closing = `tcp://${await listen(net.createServer((socket) => void socket.end()))}`;
  expect(await failure(closing)).toBe(`connection to ${closing} was lost; ${advice}`);
  const web = `tcp://${await listen(http2.createServer((_, answer) => answer.writeHead(404).end()))}`;
  expect(await failure(web)).toBe(`${web} answered with HTTP status 404; ${advice}`);
});

test.each<[string, () => Server | http2.Http2Server, string]>([
  ['at all', () => net.createServer((socket) => void socket.resume()), ''],
  ['to gRPC', () => net.createServer((socket) => void socket.resume()), 'buildkit+'],
  ['to a call', () => http2.createServer().on('stream', () => {}), ''],
  ['to an upgrade', () => docker(() => {}), ''],
])('a daemon that does not answer %s is given up', async (_, create, prefix) => {
  const address = `${prefix}tcp://${await listen(create())}`;
  const message = `cannot connect to ${address}: no answer within 0.3 s; ${advice}`;
  expect(await failure(address, 300)).toBe(message);
  await expect.poll(() => [...sockets].every((socket) => socket.destroyed || socket.readableEnded)).toBe(true);
});

test('a command that waits is ended, and what it has said is told', async () => {
  const dir = temporaryDir();
  const script = path.join(dir, 'waits');
  writeFileSync(script, `echo "who are you?" >&2; echo $$ > ${dir}/pid; exec sleep 600`);
  const address = `stdio:sh ${script}`;
  const clock = stopClock();
  const failed = failure(address, 20_000);
  await expect.poll(() => existsSync(path.join(dir, 'pid'))).toBe(true);
  for (let i = 0; i < 10; i++) await turn();
  clock.pass(20_000);
  expect(await failed).toBe(`cannot connect to ${address}: no answer within 20 s: who are you?`);
  const pid = readFileSync(path.join(dir, 'pid'), 'utf8').trim();
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
});

test('a command that says something else and ends is told, in whichever order that is noticed', async () => {
  for (let i = 0; i < 30; i++)
    expect(await failure('stdio:echo hello')).toMatch(/(does not speak gRPC|echo ended): hello$/);
});

test('a connection that takes no more bytes can be closed', async () => {
  const stuck = new Duplex({ read() {}, write() {} });
  const channel = createDuplexChannel({ target: 'stuck', authority: 'localhost', dial: async () => stuck });
  const answer = createClient(Control, channel).listWorkers({});
  await new Promise((resolve) => setTimeout(resolve, 50));
  channel.close();
  await expect(ends(answer)).rejects.toThrow('connection to stuck was lost');
  expect(stuck.destroyed).toBe(true);
});

test('Ctrl-C ends a command that is still connecting', async () => {
  const server = net.createServer((socket) => void socket.resume());
  const address = `tcp://${await listen(server)}`;
  const abort = new AbortController();
  server.once('connection', () => abort.abort());
  const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
  const args = [cli, 'build', `--builder=${address}`, '-'];
  const { status, stderr } = await ends(runCommand(process.execPath, args, { signal: abort.signal }));
  expect(stderr).toBe('ERROR: the build was canceled\n');
  expect(status).toBe(130);
});

test('TLS that is missing on one side, or not accepted, is told', async () => {
  const dir = temporaryDir();
  const file = (name: string) => path.join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  for (const name of ['ca', 'other'])
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${name}.key`, '-out', `${name}.pem`],
    );
  const read = (name: string) => readFileSync(file(name));
  const options = {
    ...{ ca: read('ca.pem'), cert: read('ca.pem'), key: read('ca.key') },
    ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
  };
  const address = `tcp://${await listen(tls.createServer(options, (socket) => socket.on('error', () => {})))}`;
  expect(await failure(address)).toContain(advice);
  expect(await failure(`${address}?cacert=${file('other.pem')}`)).toMatch(/self-signed certificate/);
  expect(await failure(`${address}?cacert=${file('ca.pem')}`)).toMatch(/certificate required|was lost/);
});
