/** Running a command with a connection to a daemon. The client is loaded only now: most of its cost is in its packages. */
import type { Connection } from '../client/index.ts';
import { endWith } from './exit.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';

export type Client = typeof import('../client/index.ts');

/** Connects, runs, reports what goes wrong. A signal ends the connection, and with it whatever is asked of the daemon. */
export async function withConnection(
  address: string | undefined,
  io: Io,
  act: (connection: Connection, client: Client) => Promise<void>,
): Promise<void> {
  const { requireAddress } = await import('./daemon-address.ts');
  requireAddress('--builder', address);
  const client = await import('../client/index.ts');
  const { reportFailure } = await import('./build/report.ts');
  let connection: Connection | undefined;
  try {
    connection = await client.connect(address, { signal: io.signal });
    await untilAborted(act(connection, client), io.signal);
  } catch (error) {
    if (io.signal.aborted) throw error;
    endWith(reportFailure(error, io));
  } finally {
    connection?.close();
  }
}
