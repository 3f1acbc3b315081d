/** The daemon's side of a context: it asks for what it likes. */
import { fileSync } from '../../src/client/session/file-sync.ts';
import type { Stat } from '../../src/gen/fsutil/types/stat_pb.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { fakeDaemon } from '../client/fake-daemon.ts';

export type Headers = Record<string, string | readonly string[]>;

export interface Answer {
  readonly stats: readonly Stat[];
  readonly contents: ReadonlyMap<string, string>;
}

export interface Asking {
  readonly headers?: Headers;
  /** Runs when everything is listed and nothing was asked for yet. */
  readonly listed?: () => void;
  /** Which of the entries are asked for; regular files by default. */
  readonly wanted?: (stat: Stat) => boolean;
  /** Numbers that are asked for beside them. */
  readonly numbers?: readonly number[];
}

/**
 * Receives the context `dir`, which is offered under the name `context`.
 * @throws Error the client's, when it refuses or fails
 */
export async function askForContext(dir: string, asking: Asking = {}): Promise<Answer> {
  const wanted = asking.wanted ?? (({ mode, linkname }) => mode <= 0o777 && !linkname);
  const daemon = await fakeDaemon(fileSync(new Map([['context', dir]])));
  const call = daemon.fileSync.diffCopy({ metadata: { 'dir-name': 'context', ...asking.headers } });
  const stats: Stat[] = [];
  const contents = new Map<string, string>();
  const open = new Set<number>();
  // A client that has given up says why in what it sent last.
  const send = (packet: Parameters<typeof call.send>[0]) => call.send(packet).catch(() => {});
  for await (const packet of call.messages) {
    if (packet.type === Type.PACKET_STAT && packet.stat) stats.push(packet.stat);
    else if (packet.type === Type.PACKET_STAT) {
      asking.listed?.();
      const chosen = stats.flatMap((stat, id) => (wanted(stat) ? [id] : []));
      for (const id of [...chosen, ...(asking.numbers ?? [])]) {
        open.add(id);
        await send({ type: Type.PACKET_REQ, ID: id });
      }
      if (open.size === 0) await send({ type: Type.PACKET_FIN });
    } else if (packet.type === Type.PACKET_DATA) {
      const name = stats[packet.ID]?.path ?? String(packet.ID);
      contents.set(name, (contents.get(name) ?? '') + Buffer.from(packet.data).toString('latin1'));
      if (packet.data.length > 0) continue;
      open.delete(packet.ID);
      if (open.size === 0) await send({ type: Type.PACKET_FIN });
    } else if (packet.type === Type.PACKET_ERR) {
      call.cancel();
      throw new Error(Buffer.from(packet.data).toString());
    } else call.end();
  }
  return { stats, contents };
}
