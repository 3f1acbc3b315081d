/** Runs a frontend for the daemon that has started it, on any host. */
import { decodeLossy, encodeText } from '../go/text.ts';
import type { ByteStream } from '../rpc/byte-stream.ts';
import { maxMessageBytes } from '../rpc/framing.ts';
import { createUnaryTransport } from '../rpc/unary.ts';
import type { Bridge, Result } from './bridge.ts';
import { type Status, toStatus } from './error-status.ts';
import { createGrpcBridge, ping } from './grpc-bridge.ts';
import { readEnvironment } from './read-environment.ts';

/** What the host of a frontend provides. */
export interface FrontendHost {
  /** The daemon. It stays open: BuildKit takes a connection that closes while the process runs for a frontend that failed. */
  readonly daemon: ByteStream;
  /** The variables of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Rejects when the frontend is to stop: it was told to, or failed where nobody waits for it. */
  readonly interrupted: Promise<never>;
  /** Called before the outcome is returned. A frontend that is told to stop afterwards has nothing left to say. */
  onReturn(): void;
}

/**
 * Runs the frontend and returns its result or error to the daemon.
 *
 * @returns whether it succeeded
 * @throws RpcError when the daemon does not answer: there is nobody left to tell
 */
export async function runForDaemon(
  frontend: (bridge: Bridge) => Promise<Result>,
  host: FrontendHost,
): Promise<boolean> {
  const bridge = await createGrpcBridge(createUnaryTransport(host.daemon, ping), readEnvironment(host.environment));
  try {
    const result = await Promise.race([frontend(bridge), host.interrupted]);
    host.onReturn();
    await bridge.return(result);
    return true;
  } catch (error) {
    host.onReturn();
    await bridge.return({ error: fitting(toStatus(error)) });
    return false;
  }
}

/**
 * What an error may hold. It fits into one message of ours, but the daemon passes it on in a header, in base64 and with
 * what it adds itself, and a client that gets too long a header sees nothing but a broken connection.
 */
const room = maxMessageBytes / 4;

/** An error quotes the Dockerfile; a very long one has to do without, rather than not arrive at all. */
function fitting(status: Status): Status {
  const size = status.details.reduce((sum, { value }) => sum + value.length, status.message.length * 3);
  if (size <= room) return status;
  const message = status.message.length * 3 <= room ? status.message : `${status.message.slice(0, 65_536)}…`;
  return { ...status, message, details: status.details.map(withoutData) };
}

function withoutData(detail: Status['details'][number]) {
  const { info, ...rest } = JSON.parse(decodeLossy(detail.value));
  const value = info ? { info: { filename: info.filename, language: info.language }, ...rest } : rest;
  return { ...detail, value: encodeText(JSON.stringify(value)) };
}
