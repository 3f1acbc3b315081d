import { duplexPair } from 'node:stream';
import { type Attachable, openSession } from '../../src/client/index.ts';
import { FileSend, FileSync } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { createDuplexChannel } from '../../src/rpc/channel.ts';
import { createClient } from '../../src/rpc/client.ts';
import type { Service, ServiceClient } from '../../src/rpc/service.ts';

/** FileSend as a directory export uses it: with packets instead of bytes. */
const FileSendPackets = { typeName: FileSend.typeName, method: { diffCopy: FileSync.method.diffCopy } };

export interface FakeDaemon {
  /** The headers of the session. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  client<S extends Service>(service: S): ServiceClient<S>;
  readonly fileSync: ServiceClient<typeof FileSync>;
  readonly directoryExport: ServiceClient<typeof FileSendPackets>;
  /** Cuts the connection. */
  cut(): void;
}

/** The daemon's end of a session that offers these services: it can ask for whatever it likes. */
export async function fakeDaemon(...attachables: Attachable[]): Promise<FakeDaemon> {
  const [ours, theirs] = duplexPair();
  let headers: Readonly<Record<string, readonly string[]>> = {};
  await openSession(
    {
      openSession: async (given) => {
        headers = given;
        return theirs;
      },
    },
    attachables,
  );
  const channel = createDuplexChannel({ target: 'session', authority: 'localhost', dial: async () => ours });
  return {
    headers,
    client: (service) => createClient(service, channel),
    fileSync: createClient(FileSync, channel),
    directoryExport: createClient(FileSendPackets, channel),
    cut() {
      ours.destroy();
      theirs.destroy(); // a pair does not hand that on, as a socket does
    },
  };
}
