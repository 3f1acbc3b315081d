import type { MessageInitShape } from '@bufbuild/protobuf';
import { ExportReceiver, type ExportTarget } from '../../src/client/session/file-send.ts';
import { type PacketSchema, Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { FileSend } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { ModeDir, ModeSymlink } from '../../src/go/file-mode.ts';
import { type FakeDaemon, fakeDaemon } from './fake-daemon.ts';

export interface Entry {
  readonly path: string;
  readonly mode?: number;
  readonly size?: bigint;
  readonly linkname?: string;
  readonly modTime?: bigint;
  readonly devmajor?: bigint;
  readonly devminor?: bigint;
  /** What is sent when the client asks; `size` says what was announced. */
  readonly data?: string;
}

export type Packet = MessageInitShape<typeof PacketSchema>;

export const dir = (name: string): Entry => ({ path: name, mode: ModeDir | 0o755 });
export const file = (name: string, data = 'x'): Entry => ({ path: name, mode: 0o644, data });
export const link = (name: string, linkname: string): Entry => ({
  path: name,
  mode: (ModeSymlink | 0o777) >>> 0,
  linkname,
});
export const hardLink = (name: string, linkname: string): Entry => ({ path: name, mode: 0o644, linkname });

/** The packet that announces an entry. */
export function statPacket(entry: Entry): Packet {
  const { path, mode = 0o644, linkname = '', data = '', size = BigInt(data.length), modTime = 0n } = entry;
  const { devmajor = 0n, devminor = 0n } = entry;
  return { type: Type.PACKET_STAT, stat: { path, mode: mode >>> 0, size, linkname, modTime, devmajor, devminor } };
}

/** How a tree is sent. */
interface Sending {
  /** The position of its exporter. */
  readonly id?: string;
  /** What is sent after the entries. */
  readonly after?: readonly Packet[];
  /** Called for each file that the client asks for. */
  readonly onRequest?: () => void;
}

/** Sends a tree as the daemon's local exporter does, without minding any rule. */
export async function sendTree(
  daemon: FakeDaemon,
  entries: readonly Entry[],
  { id = '0', after = [], onRequest }: Sending = {},
): Promise<void> {
  const call = daemon.directoryExport.diffCopy({ metadata: { 'buildkit-attachable-exporter-id': id } });
  const sending = (async () => {
    for (const entry of entries) await call.send(statPacket(entry));
    for (const packet of after.length > 0 ? after : [{ type: Type.PACKET_STAT }]) await call.send(packet);
  })().catch(() => {});
  await answerRequests(call, entries, onRequest);
  await sending;
}

/**
 * Answers what the client asks for with the data of the entries, until it ends the transfer.
 *
 * @throws Error with the message of the client if it fails
 */
async function answerRequests(
  call: ReturnType<FakeDaemon['directoryExport']['diffCopy']>,
  entries: readonly Pick<Entry, 'data'>[],
  onRequest = () => {},
): Promise<void> {
  let failure: Error | undefined;
  for await (const packet of call.messages) {
    if (packet.type === Type.PACKET_REQ) {
      onRequest();
      const data = Buffer.from(entries[packet.ID]?.data ?? '');
      if (data.length > 0) await call.send({ type: Type.PACKET_DATA, ID: packet.ID, data });
      await call.send({ type: Type.PACKET_DATA, ID: packet.ID });
    } else if (packet.type === Type.PACKET_FIN) {
      await call.send({ type: Type.PACKET_FIN });
      call.end();
    } else if (packet.type === Type.PACKET_ERR) failure = new Error(Buffer.from(packet.data).toString());
  }
  if (failure) throw failure;
}

/** Sends bytes as the exporters of archives do. */
export async function sendBytes(daemon: FakeDaemon, id: string, ...data: string[]): Promise<void> {
  const call = daemon.client(FileSend).diffCopy({ metadata: { 'buildkit-attachable-exporter-id': id } });
  for (const bytes of data) await call.send({ data: Buffer.from(bytes) });
  call.end();
  for await (const _ of call.messages);
}

export const toDirectory = (path: string) => new Map<number, ExportTarget>([[0, { kind: 'directory', path }]]);
export const toFile = (path: string) => new Map<number, ExportTarget>([[0, { kind: 'file', path }]]);

/** What a build does with its exports: `sending` is the daemon's part, `after` what fails once all is published. */
export async function exportTo(
  targets: ReadonlyMap<number, ExportTarget>,
  sending: (daemon: FakeDaemon) => unknown,
  after: () => unknown = () => {},
): Promise<void> {
  const received = new ExportReceiver(targets);
  try {
    await sending(await fakeDaemon(received));
    await received.publish();
    await after();
    await received.keep();
  } finally {
    await received.close();
  }
}

/** For polls: a machine with much to do is slow, and nothing here is about time. */
export const patience = { timeout: 20_000 };
