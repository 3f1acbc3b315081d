/** Opens byte streams to an address. */
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { endSubprocess, startSubprocess } from '../../system/subprocess.ts';
import { redactSecretsOf } from '../../text/redact.ts';
import type { Address } from './address.ts';
import type { TlsFiles } from './tls-files.ts';

/** Options for opening a stream to a daemon. */
export interface DialOptions {
  /** For tcp addresses. */
  readonly tls?: TlsFiles | undefined;
  /** Aborted when the connection is no longer wanted, or took too long. */
  readonly signal: AbortSignal;
  /** Gets what a command has said so far that is no answer of a daemon. */
  readonly onComplaint?: ((text: string) => void) | undefined;
}

/** With TLS the server chooses: BuildKit speaks h2 only, Docker http/1.1 only. */
const applicationProtocols = { docker: ['http/1.1'], buildkit: ['h2'], detect: ['h2', 'http/1.1'] };

/** A connection that counts what has come. */
export type CountingDuplex = Duplex & { readonly bytesRead: number };

/** Opens a connection. @throws Error that names the address */
export async function dial(address: Address, options: DialOptions): Promise<CountingDuplex> {
  try {
    switch (address.via) {
      case 'socket':
        return await connected(net.connect({ path: address.path }), 'connect', options.signal);
      case 'tcp': {
        if (!options.tls) return await connected(net.connect(address), 'connect', options.signal);
        const { ca, cert, key } = options.tls;
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
        return await connected(socket, 'secureConnect', options.signal);
      }
      case 'command':
        return await spawned(address.command, options.onComplaint);
    }
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    const message = `cannot connect to ${address.text}: ${explain(error as NodeJS.ErrnoException)}`;
    throw new Error(redactSecretsOf(address.text, message), { cause: error });
  }
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      if (error.syscall?.startsWith('spawn')) return `the command ${error.path} is not installed`;
      return 'there is no such socket; is the daemon running?';
    case 'ECONNREFUSED':
      return 'nothing listens there; is the daemon running?';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name is not known (${error.message})`;
    case 'EACCES':
      return 'permission denied; may this user use the daemon?';
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'the server does not speak TLS';
    default:
      return error.message;
  }
}

function connected<S extends net.Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const stop = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop);
    socket.once('error', reject);
    socket.once('close', () => signal.removeEventListener('abort', stop));
    socket.once(event, () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', reject);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 1000); // a host that is gone is noticed after some 10 s
      resolve(socket);
    });
    if (signal.aborted) stop();
  });
}

/** Maximum time in milliseconds between the end of a command and the closing of its streams, in either order. */
const closingMs = 1000;

/** The standard streams of a command as one stream. What it writes to standard error explains why it ended. */
function spawned(
  [program, ...args]: readonly [string, ...string[]],
  onComplaint: DialOptions['onComplaint'],
): Promise<CountingDuplex> {
  return new Promise((resolve, reject) => {
    const child = startSubprocess(program, args);
    child.once('error', reject);
    child.once('spawn', () => {
      let complaint = '';
      const complain = (text: string) => {
        complaint = (complaint + text).slice(-4096);
        onComplaint?.(complaint);
      };
      child.stderr.setEncoding('utf8').on('data', complain);
      child.stdout.once('data', (chunk: Buffer) => {
        // Neither HTTP nor gRPC begins like that: a message in the wrong place.
        const text = chunk.toString('latin1');
        if (/^[\t\r\n -~]+$/.test(text) && !text.startsWith('HTTP/')) complain(text);
      });
      let bytesRead = 0;
      let closing: NodeJS.Timeout | undefined;
      const duplex = new Duplex({
        read: () => child.stdout.resume(),
        write(chunk, _encoding, done) {
          child.stdin.write(chunk, () => done());
        },
        final(done) {
          child.stdin.end(() => done());
        },
        destroy(error, done) {
          clearTimeout(closing);
          endSubprocess(child);
          done(error);
        },
      });
      const stream = Object.defineProperty(duplex, 'bytesRead', { get: () => bytesRead }) as CountingDuplex;
      child.stdout.on('data', (chunk: Buffer) => {
        bytesRead += chunk.length;
        if (!stream.push(chunk)) child.stdout.pause();
      });
      // Data received so far is still readable, unless the reader has stopped.
      const finish = (how: string, tries = 20) => {
        if (stream.readableLength > 0 && tries > 0) closing = setTimeout(finish, 50, how, tries - 1);
        else stream.destroy(new Error([`${program} ${how}`, complaint.trim()].filter(Boolean).join(': ')));
      };
      // Its end says more, and mostly follows; but a command may close one stream and stay, or leave others that hold
      // them.
      const finishSoon = (how: string) => {
        if (!stream.destroyed) closing ??= setTimeout(finish, closingMs, how);
      };
      const ended = (code: number | null, signal: string | null) =>
        `ended${code ? ` with code ${code}` : ''}${signal ? ` by ${signal}` : ''}`;
      child.stdin.on('error', () => finishSoon('takes no more input'));
      child.stdout.once('end', () => finishSoon('closed its output'));
      child.once('exit', (code, signal) => {
        clearTimeout(closing);
        closing = undefined;
        finishSoon(ended(code, signal));
      });
      child.once('close', (code, signal) => {
        clearTimeout(closing);
        finish(ended(code, signal));
      });
      resolve(stream);
    });
  });
}
