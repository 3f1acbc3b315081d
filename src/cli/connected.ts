/** Running a command with a connection to a daemon. The client is loaded only now: most of its cost is in its packages. */
import type { Connection } from '../client/index.ts';
import { endWith } from './exit.ts';

export type Client = typeof import('../client/index.ts');

/** Connects, runs, reports what goes wrong. */
export async function withConnection(
  address: string | undefined,
  act: (connection: Connection, client: Client) => Promise<void>,
): Promise<void> {
  const client = await import('../client/index.ts');
  const { reportFailure } = await import('./build/report.ts');
  let connection: Connection | undefined;
  try {
    connection = await client.connect(address);
    await act(connection, client);
  } catch (error) {
    endWith(reportFailure(error));
  } finally {
    connection?.close();
  }
}
