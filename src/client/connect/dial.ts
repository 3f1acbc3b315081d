/** Opens byte streams to an address. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Address } from './address.ts';

export interface TlsOptions {
  /** PEM files. The system's authorities are used when `ca` is absent. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name to verify, when it is not the host of the address. */
  readonly serverName?: string | undefined;
}

export interface DialOptions {
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds until the connection must stand. */
  readonly timeout: number;
}

/** With TLS the server chooses: BuildKit speaks h2 only, Docker http/1.1 only. */
const applicationProtocols = { docker: ['http/1.1'], buildkit: ['h2'], detect: ['h2', 'http/1.1'] };

/** Opens a connection. @throws Error that names the address */
export async function dial(address: Address, options: DialOptions): Promise<Duplex> {
  try {
    switch (address.via) {
      case 'socket':
        return await connected(net.connect({ path: address.path }), 'connect', options.timeout);
      case 'tcp': {
        if (!options.tls) return await connected(net.connect(address), 'connect', options.timeout);
        const [ca, cert, key] = await Promise.all(
          [options.tls.ca, options.tls.cert, options.tls.key].map((file) => file && readFile(file)),
        );
        const servername = options.tls.serverName ?? (net.isIP(address.host) ? undefined : address.host);
        const socket = tls.connect({
          host: address.host,
          port: address.port,
          ALPNProtocols: applicationProtocols[address.protocol],
          ...(ca ? { ca } : {}),
          ...(cert ? { cert } : {}),
          ...(key ? { key } : {}),
          ...(servername ? { servername } : {}),
        });
        return await connected(socket, 'secureConnect', options.timeout);
      }
      case 'command':
        return await spawned(address.command);
    }
  } catch (error) {
    throw new Error(`cannot connect to ${address.text}: ${explain(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return error.syscall?.startsWith('spawn')
        ? `${error.message}`
        : 'there is no such socket; is the daemon running?';
    case 'ECONNREFUSED':
      return 'nothing listens there; is the daemon running?';
    case 'EACCES':
      return 'permission denied; may this user use the daemon?';
    default:
      return error.message;
  }
}

function connected<S extends net.Socket>(socket: S, event: string, timeout: number): Promise<S> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeout / 1000} s`)), timeout);
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', reject);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The standard streams of a command as one stream. What it writes to standard error explains why it ended. */
function spawned([program, ...args]: readonly [string, ...string[]]): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', windowsHide: true });
    child.once('error', reject);
    child.once('spawn', () => {
      let complaint = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        complaint = (complaint + text).slice(-4096);
      });
      child.stdin.on('error', () => {}); // EPIPE: the exit below says more
      const stream = new Duplex({
        read: () => child.stdout.resume(),
        write(chunk, _encoding, done) {
          child.stdin.write(chunk, () => done());
        },
        final(done) {
          child.stdin.end(() => done());
        },
        destroy(error, done) {
          child.kill();
          done(error);
        },
      });
      child.stdout.on('data', (chunk) => {
        if (!stream.push(chunk)) child.stdout.pause();
      });
      child.once('close', (code) => {
        if (code) stream.destroy(new Error(`${program} ended with code ${code}: ${complaint.trim()}`));
        else stream.push(null);
      });
      resolve(stream);
    });
  });
}
