import { rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Control } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { routes, serveConnection } from '../../src/rpc/server.ts';
import type { ServiceHandlers } from '../../src/rpc/service.ts';
import { temporaryDir } from '../temporary-dir.ts';

export interface FakeControl {
  /** For `--builder`. */
  readonly address: string;
  close(): void;
}

/** A daemon that answers calls of the control API, and nothing else: it says what a real one cannot be made to say. */
export async function fakeControl(handlers: Partial<ServiceHandlers<typeof Control>>): Promise<FakeControl> {
  const socket = path.join(temporaryDir(), 'control.sock');
  const router = routes(Control, { listWorkers: async () => ({ record: [] }), ...handlers } as never);
  const connections = new Set<net.Socket>();
  const server = net.createServer((connection) => {
    connections.add(connection);
    serveConnection(connection, router);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    address: `buildkit+unix://${socket}`,
    close() {
      server.close();
      for (const connection of connections) connection.destroy();
      rmSync(socket, { force: true });
    },
  };
}
