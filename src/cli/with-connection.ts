/**
 * Running a command with a connection to a daemon. The client is loaded only now: most of its cost is in its packages.
 */
import type { Connection } from '../client/index.ts';
import { endWith } from './exit.ts';
import { reportFailure } from './failure.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';
import { warnOnce } from './warn.ts';

/** The module of the client, which is loaded when a command connects. */
export type Client = typeof import('../client/index.ts');

/**
 * Connects, runs a command, and reports its errors. A signal closes the connection and so ends all calls.
 * @param act its `place` is `BUILDER/NODE` if the daemon belongs to a builder or a Docker context with a name
 */
export async function withConnection(
  address: string | undefined,
  io: Io,
  act: (connection: Connection, client: Client, place: string | undefined) => Promise<void>,
): Promise<void> {
  const { requireAddress } = await import('./options/daemon-address.ts');
  requireAddress('--builder', address);
  const client = await import('../client/index.ts');
  let connection: Connection | undefined;
  try {
    const onWarning = warnOnce(io);
    const place = await findPlace(address, io, onWarning);
    connection = await client.connect(address, { signal: io.signal, env: io.env, onWarning });
    await untilAborted(act(connection, client, place), io.signal);
  } catch (error) {
    endWith(await reportFailure(error, io, { asked: 'records' }));
  } finally {
    connection?.close();
  }
}

/** A command about a daemon uses the first node of a builder, and names the other nodes in a note. */
async function findPlace(
  address: string | undefined,
  { env, signal, writeStderr }: Io,
  onWarning: (message: string) => void,
): Promise<string | undefined> {
  const name = address ?? (env['BUILDKIT_HOST'] || env['BUILDX_BUILDER']);
  const { findBuilder, isBuilderName } = await import('../client/connect/buildx-builder.ts');
  if (!name) {
    const { contextInUse } = await import('../client/connect/docker-context.ts');
    const context = contextInUse(env, onWarning);
    return context === undefined ? undefined : `${context}/${context}`;
  }
  if (!isBuilderName(name)) return undefined;
  const builder = await findBuilder(name, { env, signal });
  const [first, ...others] = builder.nodes.map((node) => node.name) as [string, ...string[]];
  if (others.length > 0)
    writeStderr(
      `note: of the builder ${JSON.stringify(builder.name)} this is the node ${JSON.stringify(first)}; its others are ${others.map((it) => JSON.stringify(it)).join(', ')}: --builder ADDRESS reaches one of them\n`,
    );
  return `${builder.name}/${first}`;
}
