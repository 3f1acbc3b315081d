/** The HTTP/2 connections to one daemon: as many as its open calls need. */
import type { Duplex } from 'node:stream';
import { callHeaders } from './call-headers.ts';
import { frame } from './framing.ts';
import { connectHttp2, type Http2Client, hungUp } from './http2-client.ts';
import { nodeStream } from './node-stream.ts';
import { Code, RpcError } from './rpc-error.ts';

/** Options of connections over byte streams. */
export interface ConnectionsOptions {
  /** For messages. */
  readonly target: string;
  /** The :authority header. */
  readonly authority: string;
  /** Opens a connection. Called again when a call comes after the connection was lost. */
  dial(): Promise<Duplex>;
  /**
   * Milliseconds without an answer of any kind from the peer, while calls are open, after which the connection is given
   * up; 0 for never, the default.
   */
  readonly silenceMs?: number | undefined;
  /** Hint in the error for a peer that was given up. */
  readonly advice?: string | undefined;
}

/** An open connection. */
export interface OpenConnection {
  readonly client: Http2Client;
  /** Says why a call has ended that the client ended with `reason`. */
  explain(reason: string): string;
}

/** Flow-control window of a call, in bytes. */
const windowBytes = 4 << 20;
/** Any answer to it will do: that there is no such service, too. */
const questionMethod = '/grpc.health.v1.Health/Check';

/** Maximum number of connections to one daemon. Further calls wait until others end. */
const maxConnections = 16;

/**
 * Opens the first connection with the first call. Each build holds two calls open to its end, and daemons take 250 at
 * most over one connection: what finds no room opens another one. It must not wait, for what it asks may be what those
 * builds need to end.
 */
export class Connections {
  private readonly options: ConnectionsOptions;
  private open: OpenConnection[] = [];
  /** The connection that is being opened, until the number of calls that it takes is known. */
  private opening: Promise<OpenConnection> | undefined;
  private closed = false;

  constructor(options: ConnectionsOptions) {
    this.options = options;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  close(): void {
    this.closed = true;
    for (const { client } of this.open) client.close();
  }

  /** Calls `use` synchronously with a connection that has room, so that no other call takes it in between. */
  async withRoom(use: (connection: OpenConnection) => void): Promise<void> {
    for (;;) {
      if (this.closed) throw new RpcError(Code.unavailable, `the client of ${this.options.target} is closed`);
      const found = this.findRoom();
      if (found) return use(found);
      if (!this.opening) return use(await this.connect());
      const fresh = await this.opening;
      if (fresh.client.isLost) return use(fresh); // which says why
    }
  }

  private findRoom(): OpenConnection | undefined {
    this.open = this.open.filter(({ client }) => !client.isLost);
    return this.open.find(({ client }) => client.hasRoom) ?? this.open[maxConnections - 1];
  }

  /** Other calls wait for this connection, too, until they know how many it takes. */
  private connect(): Promise<OpenConnection> {
    const dialed = this.dial();
    this.opening = dialed
      .then(async (connection) => {
        await connection.client.limitKnown;
        return connection;
      })
      .finally(() => {
        this.opening = undefined;
      });
    this.opening.catch(() => {}); // marks the rejection as handled; who awaits `dialed` still sees it
    return dialed;
  }

  private async dial(): Promise<OpenConnection> {
    const { authority, silenceMs = 0 } = this.options;
    const stream = await this.options.dial();
    let failure: string | undefined;
    stream.once('error', (error) => {
      failure = error.message;
    });
    const question = { fields: callHeaders(authority, questionMethod), body: frame(new Uint8Array(0)) };
    const client = connectHttp2(nodeStream(stream), { window: windowBytes, silenceMs, question });
    if (this.closed) client.close();
    const connection = { client, explain: (reason: string) => failure ?? this.explainLoss(reason) };
    this.open.push(connection);
    return connection;
  }

  private explainLoss(reason: string): string {
    const { target, advice } = this.options;
    const lost = `connection to ${target} was lost`;
    if (reason === hungUp) return lost;
    return advice && reason.startsWith('no sign of life') ? `${lost}: ${reason}; ${advice}` : `${lost}: ${reason}`;
  }
}
