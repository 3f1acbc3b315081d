/** A connection to a daemon, and what opening one can be given. */
import type { Duplex } from 'node:stream';
import type { Content } from '../gen/containerd/services/content/v1/content_pb.ts';
import type { Control } from '../gen/moby/buildkit/v1/control_pb.ts';
import type { LLBBridge } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import type { Channel } from '../rpc/channel.ts';
import type { ServiceClient } from '../rpc/service.ts';
import type { TlsOptions } from './connect/tls-files.ts';

/** The address of a daemon, TLS files and timeouts. */
export interface ConnectOptions {
  /**
   * For tcp addresses. With DOCKER_TLS_VERIFY and DOCKER_CERT_PATH set, those files are the default for DOCKER_HOST.
   */
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds until the daemon must have answered; 8,000 by default. */
  readonly timeout?: number | undefined;
  /**
   * Maximum time in milliseconds without an answer while calls are open; 60,000 by default, or TSFRONT_PATIENCE in
   * seconds; 0 means no limit. A daemon that works answers other requests during a long call, so that only one that
   * hangs or is cut off is given up: the calls fail with an error that says so.
   */
  readonly patience?: number | undefined;
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined;
  /** Told of a broken config.json of Docker, which is left out then; without it that is an error. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Read for BUILDKIT_HOST, DOCKER_HOST and the like. `process.env` if absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A daemon that has answered. */
export interface Connection {
  /** The address, without credentials. */
  readonly address: string;
  /** Whether BuildKit runs on its own or inside a Docker engine. */
  readonly kind: 'buildkitd' | 'dockerd';
  /** BuildKit's control API. */
  readonly control: ServiceClient<typeof Control>;
  /** The API of frontends, for builds that run in this process. */
  readonly gateway: ServiceClient<typeof LLBBridge>;
  /** The daemon's content store. */
  readonly content: ServiceClient<typeof Content>;
  /** The channel of the clients, for further services. */
  readonly channel: Channel;
  /** Opens the stream on which the daemon calls back. */
  openSession(headers: Readonly<Record<string, readonly string[]>>): Promise<Duplex>;
  /** Closes it; calls that are open fail. */
  close(): void;
}
