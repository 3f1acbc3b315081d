/** Opens byte streams to one daemon, and says what is wrong if that fails. */
import { TLSSocket } from 'node:tls';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import { hideCause } from '../../text/short-error.ts';
import type { Address } from './address.ts';
import { type CountingDuplex, dial } from './dial.ts';
import { readTlsFiles, type TlsFiles, type TlsOptions } from './tls-files.ts';
import { isDockerApi, upgrade } from './upgrade.ts';

/** Opens byte streams to a daemon. */
export class Dialer {
  readonly address: Address;
  /** Maximum time to open a stream, in milliseconds. */
  readonly timeout: number;
  private readonly tls: TlsOptions | undefined;
  private tlsFiles: TlsFiles | undefined;
  /** What the command that connects has last written to standard error. */
  private complaint = '';
  private readonly closing = new AbortController();

  constructor(address: Address, tls: TlsOptions | undefined, timeout: number) {
    this.address = address;
    this.tls = tls;
    this.timeout = timeout;
  }

  /** The name of the daemon's host in requests. */
  get authority(): string {
    return this.address.via === 'tcp' ? (this.tls?.serverName ?? this.address.host) : 'localhost';
  }

  /** Reads the keys and certificates. A connection with TLS needs them. */
  async readTls(signal: AbortSignal): Promise<void> {
    this.tlsFiles = this.tls && (await readTlsFiles(this.tls, this.address.text, signal));
  }

  /** Whether a Docker engine answers at the address. It is asked unless the address says what is there. */
  async isDocker(signal: AbortSignal): Promise<boolean> {
    const { protocol } = this.address;
    if (protocol !== 'detect') return protocol === 'docker';
    const connection = await this.open(this.address, signal);
    if (!(connection instanceof TLSSocket)) return isDockerApi(connection, signal);
    connection.on('error', () => {});
    connection.destroy();
    return connection.alpnProtocol !== 'h2';
  }

  /** Opens a stream to BuildKit itself. */
  openBuildKit(): Promise<CountingDuplex> {
    return this.open({ ...this.address, protocol: 'buildkit' }, this.withinTime());
  }

  /** Opens a stream through a Docker engine. @param path of its API, such as `/grpc` */
  async openUpgraded(path: string, headers: Readonly<Record<string, readonly string[]>> = {}): Promise<CountingDuplex> {
    const signal = this.withinTime();
    // Docker's API is HTTP/1: that is what TLS has to agree on.
    return upgrade(await this.open({ ...this.address, protocol: 'docker' }, signal), path, headers, signal);
  }

  /** Gives up streams that are being opened. */
  close(): void {
    this.closing.abort(new Error('closed'));
  }

  /** Adds the address and a hint to an error. */
  explain(error: unknown): Error {
    const { text, via } = this.address;
    const complaint = this.complaint.trim();
    const status = error instanceof RpcError ? error.status : (error as Error).message;
    const advice = `is it a BuildKit or Docker daemon${via === 'tcp' && !this.tls ? ', and does it take connections without TLS?' : '?'}`;
    const reason = complaint ? `: ${complaint}` : `; ${advice}`;
    let what = status;
    if ((error as Error).name === 'TimeoutError') what = `no answer within ${this.timeout / 1000} s${reason}`;
    else if (/does not speak HTTP\/2$/.test(status)) what = `what answers there does not speak gRPC${reason}`;
    else if (error instanceof RpcError && error.code === Code.unimplemented)
      what = `it speaks gRPC, but is not BuildKit: ${status}`;
    else if (/ was lost$| HTTP status \d+$/.test(status)) what = `${status}; ${advice}`;
    return hideCause(new Error(what.includes(text) ? what : `cannot connect to ${text}: ${what}`, { cause: error }));
  }

  private open(address: Address, signal: AbortSignal): Promise<CountingDuplex> {
    return dial(address, {
      tls: this.tlsFiles,
      signal,
      onComplaint: (text) => {
        this.complaint = text;
      },
    });
  }

  private withinTime(): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(this.timeout), this.closing.signal]);
  }
}
