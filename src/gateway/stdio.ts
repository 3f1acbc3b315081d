/** Runs a frontend as BuildKit starts it: options in the environment, gRPC on standard input and output. */
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { decodeJson, field, goList, goString, goStruct } from '../go/json-decode.ts';
import type { Platform } from '../image/platform.ts';
import { MAX_MESSAGE_BYTES } from '../rpc/framing.ts';
import { createUnaryTransport } from '../rpc/unary.ts';
import type { Bridge, BridgeOptions, Result } from './bridge.ts';
import { canceled, type Status, toStatus } from './errors.ts';
import { createGrpcBridge, type GatewayEnvironment } from './grpc-bridge.ts';

/**
 * Runs the frontend and returns its result or error to BuildKit. Whatever goes wrong (an exception nobody caught, a
 * signal) reaches the daemon as an error of the build. Resolves to the code to exit with, at once.
 *
 * The connection is left to the end of the process: BuildKit takes one that closes while the process still runs for a
 * frontend that failed, whatever it has returned.
 */
export async function runOverStdio(frontend: (bridge: Bridge) => Promise<Result>): Promise<number> {
  const interruption = listenForInterruption();
  try {
    const transport = createUnaryTransport(standardStreams());
    const bridge = await createGrpcBridge(transport, readEnvironment(process.env));
    try {
      const result = await Promise.race([frontend(bridge), interruption.promise]);
      interruption.exitOnNext();
      await bridge.return(result);
      return 0;
    } catch (error) {
      interruption.exitOnNext();
      await bridge.return({ error: fitting(toStatus(error)) });
      return 1;
    }
  } catch (error) {
    // There is nobody left to tell but the daemon's log.
    console.error(`tsfront: ${error instanceof Error ? error.message : error}`);
    return 2;
  }
}

/**
 * `promise` rejects when the process is told to stop or something failed where nobody waits for it. A second signal, or
 * one after `exitOnNext`, ends the process: it is the first of its container, which signals do not end by themselves.
 */
function listenForInterruption(): { readonly promise: Promise<never>; exitOnNext(): void } {
  let told = false;
  const promise = new Promise<never>((_, reject) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (told) process.exit(2);
        told = true;
        reject(canceled(`the frontend received ${signal}`));
      });
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
  promise.catch(() => {}); // it may reject before anybody waits for it
  return {
    promise,
    exitOnNext() {
      told = true;
    },
  };
}

/**
 * What an error may hold. It fits into one message of ours, but the daemon passes it on in a header, in base64 and with
 * what it adds itself, and a client that gets too long a header sees nothing but a broken connection.
 */
const room = MAX_MESSAGE_BYTES / 4;

/** An error quotes the Dockerfile; a very long one has to do without, rather than not arrive at all. */
function fitting(status: Status): Status {
  const size = status.details.reduce((sum, { value }) => sum + value.length, status.message.length * 3);
  if (size <= room) return status;
  const message = status.message.length * 3 <= room ? status.message : `${status.message.slice(0, 65_536)}…`;
  return { ...status, message, details: status.details.map(withoutData) };
}

function withoutData(detail: Status['details'][number]) {
  const { info, ...rest } = JSON.parse(new TextDecoder().decode(detail.value));
  const value = info ? { info: { filename: info.filename, language: info.language }, ...rest } : rest;
  return { ...detail, value: new TextEncoder().encode(JSON.stringify(value)) };
}

/** Standard input and output as one stream. `process.stdout` would do: on a pipe, it writes synchronously. */
function standardStreams(): Duplex {
  const input = new Socket({ fd: 0, readable: true, writable: false });
  const output = new Socket({ fd: 1, readable: false, writable: true });
  const duplex = new Duplex({
    allowHalfOpen: false,
    read: () => void input.resume(),
    write: (chunk, encoding, done) => void output.write(chunk, encoding, done),
    final: (done) => void output.end(done),
    destroy(error, done) {
      input.destroy();
      output.destroy();
      done(error);
    },
  });
  input.on('data', (chunk) => {
    if (!duplex.push(chunk)) input.pause();
  });
  input.on('end', () => duplex.push(null));
  for (const socket of [input, output]) socket.on('error', (error) => duplex.destroy(error));
  return duplex;
}

const optionPrefix = 'BUILDKIT_FRONTEND_OPT_';

/** Reads what BuildKit puts into the environment of a frontend. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): GatewayEnvironment {
  const opts: Record<string, string> = Object.create(null);
  for (const [name, value = ''] of Object.entries(env)) {
    if (!name.startsWith(optionPrefix)) continue;
    const equals = value.indexOf('=');
    opts[equals < 0 ? value : value.slice(0, equals)] = equals < 0 ? '' : value.slice(equals + 1);
  }
  return {
    opts,
    sessionId: env['BUILDKIT_SESSION_ID'] ?? '',
    product: env['BUILDKIT_EXPORTEDPRODUCT'] ?? '',
    workers: readWorkers(env['BUILDKIT_WORKERS'] ?? ''),
  };
}

const platformType = goStruct<Platform>('v1.Platform', {
  architecture: field('architecture', goString()),
  os: field('os', goString()),
  osVersion: field('os.version', goString()),
  osFeatures: field('os.features', goList(goString())),
  variant: field('variant', goString()),
});
const workersType = goList(
  goStruct<{ id: string; platforms: Platform[] }>('client.WorkerInfo', {
    id: field('ID', goString()),
    platforms: field('Platforms', goList(platformType)),
  }),
);

/** What cannot be read counts as no information about workers. */
function readWorkers(json: string): BridgeOptions['workers'] {
  try {
    return decodeJson(json, workersType);
  } catch {
    return [];
  }
}
