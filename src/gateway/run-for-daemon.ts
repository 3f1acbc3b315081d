/** Runs a frontend for the daemon that has started it, on any host. */
import { host as system } from '#host';
import { decodeLossy, encodeText } from '../go/text.ts';
import type { ByteStream } from '../rpc/byte-stream.ts';
import { maxMessageBytes } from '../rpc/framing.ts';
import { createUnaryTransport } from '../rpc/unary.ts';
import type { Bridge, Result } from './bridge.ts';
import { inBuildFlags } from './build-flags.ts';
import { type Status, toStatus } from './error-status.ts';
import { createGrpcBridge, ping } from './grpc-bridge.ts';
import { readEnvironment } from './read-environment.ts';

/** What the host provides to a frontend. */
export interface FrontendHost {
  /**
   * The daemon. It stays open: BuildKit takes a connection that closes while the process runs for a frontend that
   * failed.
   */
  readonly daemon: ByteStream;
  /** The variables of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Rejects if a signal stops the frontend, or if an error occurs that no code handles. */
  readonly interrupted: Promise<never>;
  /** Called before the outcome is returned. A signal after that ends the process at once. */
  onReturn(): void;
}

/**
 * Runs the frontend and returns its result or error to the daemon. A hint names flags of `docker build`.
 *
 * @returns whether it succeeded
 * @throws RpcError if the daemon does not answer, and what `interrupted` rejects with before it has answered: the error
 *   cannot be reported to it
 */
export async function runForDaemon(
  frontend: (bridge: Bridge) => Promise<Result>,
  host: FrontendHost,
): Promise<boolean> {
  const connecting = createGrpcBridge(createUnaryTransport(host.daemon, ping), readEnvironment(host.environment));
  const bridge = await Promise.race([connecting, host.interrupted]);
  try {
    const result = await Promise.race([frontend(bridge), host.interrupted]);
    host.onReturn();
    await bridge.return(result);
    return true;
  } catch (error) {
    // What interrupts the frontend, such as the end of its memory, says more than what fails because of it.
    const reason = await Promise.race([host.interrupted, system.turn().then(() => error)]).catch(
      (interruption) => interruption,
    );
    host.onReturn();
    await bridge.return({ error: fitting(toStatus(reason, inBuildFlags)) });
    return false;
  }
}

/**
 * Maximum size of an error in bytes. It would fit into a message of the gateway, but the daemon passes it on in a
 * header, encoded in base64 and with details of its own. Clients that receive too long a header only see a broken
 * connection.
 */
const maxErrorBytes = maxMessageBytes / 4;

/** An error quotes the Dockerfile; a very long one has to do without, rather than not arrive at all. */
function fitting(status: Status): Status {
  const size = status.details.reduce((sum, { value }) => sum + value.length, status.message.length * 3);
  if (size <= maxErrorBytes) return status;
  const message = status.message.length * 3 <= maxErrorBytes ? status.message : `${status.message.slice(0, 65_536)}…`;
  return { ...status, message, details: status.details.map(withoutData) };
}

function withoutData(detail: Status['details'][number]) {
  const { info, ...rest } = JSON.parse(decodeLossy(detail.value));
  const value = info ? { info: { filename: info.filename, language: info.language }, ...rest } : rest;
  return { ...detail, value: encodeText(JSON.stringify(value)) };
}
