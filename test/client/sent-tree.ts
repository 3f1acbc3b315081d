import { decodePacket } from '../../src/client/fsutil/packet.ts';
import { PacketBuffer, PacketType } from '../../src/client/fsutil/packet-buffer.ts';
import { deframe } from '../../src/rpc/framing.ts';
import type { RawCall } from '../../src/rpc/server.ts';
import type { FileEntry } from '../../src/tree/walk.ts';

export interface SentTree {
  readonly entries: FileEntry[];
  readonly contents: Map<string, string>;
  /** What the sender told of its failure. */
  error: string | undefined;
}

const nothing = new Uint8Array(0);

/**
 * The receiver's end of a transfer, on the bytes: names come as they were sent, while a generated decoder takes text
 * only.
 *
 * @param send gets the call to send a tree on
 * @param beforeRequests runs once all is listed
 */
export async function receiveTree(
  send: (call: RawCall) => Promise<void>,
  beforeRequests: () => void = () => {},
  headers: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<SentTree> {
  const tree: SentTree = { entries: [], contents: new Map(), error: undefined };
  const replies = new PacketBuffer();
  let wake = () => {};
  let isOver = false;
  let open = 0;
  const handle = (bytes: Uint8Array) => {
    const { type, stat, id, data } = decodePacket(bytes);
    if (type === PacketType.Stat && stat) tree.entries.push(stat);
    else if (type === PacketType.Stat) {
      beforeRequests();
      for (const [i, { mode, linkname }] of tree.entries.entries())
        if (mode <= 0o777 && linkname === '') {
          open++;
          replies.packet(PacketType.Request, i, nothing);
        }
      if (open === 0) replies.packet(PacketType.Fin, 0, nothing);
    } else if (type === PacketType.Data) {
      const { path } = tree.entries[id]!;
      tree.contents.set(path, (tree.contents.get(path) ?? '') + Buffer.from(data).toString('latin1'));
      if (data.length === 0 && --open === 0) replies.packet(PacketType.Fin, 0, nothing);
    } else {
      if (type === PacketType.Error) tree.error = Buffer.from(data).toString();
      isOver = true;
    }
    wake();
  };
  async function* answers() {
    for (;;) {
      if (replies.length > 0) yield replies.take();
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const write = async (frames: Uint8Array) => {
    for await (const message of deframe(oneByOne(frames))) handle(message);
  };
  const signal = new AbortController().signal;
  await send({ headers, signal, messages: deframe(answers()), write: async (m) => handle(m), writeFrames: write });
  return tree;
}

async function* oneByOne(bytes: Uint8Array) {
  yield bytes;
}
