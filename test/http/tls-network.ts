/** A network of its own inside a test: an authority that nobody knows, servers with its certificates, and a proxy. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TlsOptions } from 'node:tls';

export interface Authority {
  /** The file with its certificate, PEM. */
  readonly file: string;
  /** A certificate for `localhost`, 127.0.0.1, `registry.example` and `tokens.example`; with its key. */
  readonly server: { readonly cert: Buffer; readonly key: Buffer };
  /** Files of a client's certificate and its key. */
  readonly client: { readonly cert: string; readonly key: string };
}

/** Makes an authority with OpenSSL, in a directory of its own below `parent`. */
export function makeAuthority(parent = tmpdir()): Authority {
  const dir = mkdtempSync(path.join(parent, 'authority-'));
  const file = (name: string) => path.join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,DNS:registry.example,DNS:tokens.example,IP:127.0.0.1\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
  }
  return {
    file: file('ca.pem'),
    server: { cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')) },
    client: { cert: file('client.pem'), key: file('client.key') },
  };
}

export interface Closable {
  close(): void;
}

/** A server that speaks TLS. */
export async function serveTls(
  authority: Authority,
  answer: RequestListener,
  options: TlsOptions = {},
): Promise<Closable & { readonly port: number }> {
  const server = createServer({ ...authority.server, ...options }, answer).listen(0, '127.0.0.1');
  server.on('tlsClientError', () => {});
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface TestProxy extends Closable {
  readonly port: number;
  /** What it was asked: `CONNECT registry.example:443`, `GET http://registry.example/v2/`. */
  readonly log: string[];
  /** What the askers sent in `Proxy-Authorization`. */
  readonly credentials: (string | undefined)[];
  /** Answers in place of the proxy with this status. */
  refuse: number | undefined;
}

/** A proxy. All names are those of this machine; `ports` says which port stands for which. */
export async function startProxy(ports: ReadonlyMap<string, number>): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const asked = (request: IncomingMessage) => {
    proxy.log.push(`${request.method} ${request.url}`);
    proxy.credentials.push(request.headers['proxy-authorization']);
  };
  const portOf = (host: string) => ports.get(host) ?? Number(host.split(':')[1] ?? 80);
  const server = createHttpServer((request, response) => {
    asked(request);
    if (proxy.refuse) return void response.writeHead(proxy.refuse).end();
    const { host, pathname, search } = new URL(request.url!);
    const options = { port: portOf(host), host: '127.0.0.1', method: request.method!, path: pathname + search };
    const onward = httpRequest({ ...options, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket: Socket, head) => {
    asked(request);
    if (proxy.refuse) return void socket.end(`HTTP/1.1 ${proxy.refuse} No\r\nContent-Length: 0\r\n\r\n`);
    const onward = connect(portOf(request.url!), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => {});
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TestProxy = {
    port: (server.address() as AddressInfo).port,
    log: [],
    credentials: [],
    refuse: undefined,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return proxy;
}
