/** The process of the frontend image, from its start to its exit code. */
import { on, startEventLoop } from './event-loop.ts';
import { openStandardStreams } from './standard-streams.ts';

/** What the process provides; the same as `FrontendHost` of src/gateway. */
interface EngineProcess {
  readonly daemon: ReturnType<typeof openStandardStreams>;
  readonly environment: Readonly<Record<string, string>>;
  /** Rejects when the process is told to stop, or something failed where nobody waits for it. */
  readonly interrupted: Promise<never>;
  /** From now on a signal ends the process. */
  onReturn(): void;
}

/**
 * Runs a frontend when the host starts, and ends the process with 0 if it succeeded, with 1 if it returned an error,
 * and with 2 if the daemon could not be told.
 *
 * @param frontend resolves to whether it succeeded
 * @param canceled makes the error for a process that is told to stop
 */
export function runOnEngine(
  frontend: (process: EngineProcess) => Promise<boolean>,
  canceled: (message: string) => Error,
): void {
  startEventLoop();
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => {}); // it may reject before anybody waits for it
  on('signal', (name) => reject(canceled(`the frontend received ${name}`)));
  on('failure', reject);
  on('start', () => {
    if (!native.isPipe(0) || !native.isPipe(1))
      exit(2, 'This is a frontend for BuildKit. Name its image in the first line of a Dockerfile: # syntax=IMAGE');
    const daemon = openStandardStreams();
    frontend({ daemon, environment: native.environment(), interrupted, onReturn: native.exitOnSignal }).then(
      (succeeded) => native.exit(succeeded ? 0 : 1),
      // There is nobody left to tell but the daemon's log.
      (error) => exit(2, `tsfront: ${error instanceof Error ? error.message : error}`),
    );
  });
}

function exit(code: number, message: string): never {
  native.write(2, native.encodeText(`${message}\n`));
  return native.exit(code);
}
