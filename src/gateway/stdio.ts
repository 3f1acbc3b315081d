/** Runs a frontend as BuildKit starts it, on Node: options in the environment, gRPC on standard input and output. */
import { Socket } from 'node:net';
import { nodeStream } from '../rpc/node-stream.ts';
import type { Bridge, Result } from './bridge.ts';
import { canceled } from './error-status.ts';
import { runForDaemon } from './run-for-daemon.ts';

/**
 * Runs the frontend and returns its result or error to BuildKit. Uncaught exceptions and signals are also reported to
 * the daemon as errors of the build. Resolves to the exit code.
 */
export async function runOverStdio(frontend: (bridge: Bridge) => Promise<Result>): Promise<number> {
  const interruption = listenForInterruption();
  try {
    // Not process.stdout: on a pipe, it writes synchronously.
    const input = new Socket({ fd: 0, readable: true, writable: false });
    const output = new Socket({ fd: 1, readable: false, writable: true });
    const hasSucceeded = await runForDaemon(frontend, {
      daemon: nodeStream(input, output),
      environment: process.env,
      interrupted: interruption.promise,
      onReturn: interruption.exitOnNext,
    });
    return hasSucceeded ? 0 : 1;
  } catch (error) {
    // The connection is lost, so only the daemon's log can receive the error.
    console.error(`tsfront: ${error instanceof Error ? error.message : error}`);
    return 2;
  }
}

/**
 * Makes a promise that rejects on a signal and on an error that no code handles. A second signal, or one after
 * `exitOnNext`, ends the process explicitly: as PID 1 of its container, the process ignores signals by default.
 */
function listenForInterruption(): { readonly promise: Promise<never>; exitOnNext(): void } {
  let isStopping = false;
  const promise = new Promise<never>((_, reject) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (isStopping) process.exit(2);
        isStopping = true;
        reject(canceled(`the frontend received ${signal}`));
      });
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
  promise.catch(() => {}); // it may reject before anybody waits for it
  return {
    promise,
    exitOnNext() {
      isStopping = true;
    },
  };
}
