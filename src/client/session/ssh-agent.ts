/**
 * The SSH agent protocol (draft-miller-ssh-agent), as far as a build may use it: listing keys and signing. Adding,
 * removing and locking keys is refused, so that a build step cannot change the user's agent.
 */
import net from 'node:net';

const failure = 5;
const requestIdentities = 11;
const signRequest = 13;
const maxAgentMessageBytes = 256 << 10;

/** Answers one request; both are without their length. */
export type Agent = (request: Buffer) => Promise<Buffer>;

/** Serves an agent on a byte stream; requests are answered in order. */
export async function* serveAgent(agent: Agent, incoming: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const request of splitMessages(incoming)) {
    const allowed = request[0] === requestIdentities || request[0] === signRequest;
    const answer = allowed ? await agent(request).catch(() => Buffer.of(failure)) : Buffer.of(failure);
    yield Buffer.concat([uint32(answer.length), answer]);
  }
}

async function* splitMessages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let buffered = Buffer.alloc(0);
  for await (const chunk of chunks) {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4) {
      const length = buffered.readUInt32BE(0);
      if (length === 0 || length > maxAgentMessageBytes) throw new Error('not the SSH agent protocol');
      if (buffered.length < 4 + length) break;
      yield buffered.subarray(4, 4 + length);
      buffered = buffered.subarray(4 + length);
    }
  }
}

/** The agent behind a socket. Each request has a connection of its own. */
export function agentOfSocket(path: string): Agent {
  return async (request) => {
    const socket = net.connect(path);
    socket.write(Buffer.concat([uint32(request.length), request]));
    for await (const answer of splitMessages(socket as AsyncIterable<Uint8Array>)) {
      socket.destroy();
      return answer;
    }
    throw new Error('the SSH agent did not answer');
  };
}

/** Encodes a number in four bytes, most significant first. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
