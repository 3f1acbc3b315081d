/** Receives a context without its files and prints how many entries it has: `node list-context.ts DIR`. */
import { fileSync } from '../../src/client/session/file-sync.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { fakeDaemon } from '../client/fake-daemon.ts';

const daemon = await fakeDaemon(fileSync(new Map([['context', process.argv[2]!]])));
const call = daemon.fileSync.diffCopy({ metadata: { 'dir-name': 'context' } });
let entries = 0;
for await (const packet of call.messages) {
  if (packet.type === Type.PACKET_ERR) throw new Error(Buffer.from(packet.data).toString());
  if (packet.type === Type.PACKET_STAT && packet.stat) entries++;
  else if (packet.type === Type.PACKET_STAT) await call.send({ type: Type.PACKET_FIN });
  else if (packet.type === Type.PACKET_FIN) call.end();
}
console.log(entries);
process.exit();
