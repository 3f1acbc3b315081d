/** Session service that forwards SSH agents and sockets. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import net from 'node:net';
import { SSH } from '../../gen/moby/sshforward/v1/ssh_pb.ts';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import { routes } from '../../rpc/server.ts';
import { UnusableFile } from '../../system/unusable-file.ts';
import type { Attachable } from './session.ts';
import { type Agent, agentOfSocket, serveAgent } from './ssh-agent.ts';
import { agentOfKeys, parsePrivateKey } from './ssh-keys.ts';

/** SSH keys that RUN may use. */
export interface SshSource {
  /** `default` if absent. */
  readonly id?: string | undefined;
  /** One agent socket, or private key files; the agent of SSH_AUTH_SOCK if absent. */
  readonly paths?: readonly string[] | undefined;
  /** Forwards all traffic of the socket; otherwise only listing keys and signing are allowed. */
  readonly raw?: boolean | undefined;
}

/**
 * Offers SSH agents by id.
 * @throws Error for sockets and keys that do not exist or cannot be used
 */
export async function ssh(sources: readonly SshSource[]): Promise<Attachable> {
  const agents = new Map<string, { readonly agent: Agent } | { readonly socket: string }>();
  for (const source of sources) {
    const id = source.id || 'default';
    if (agents.has(id)) throw new Error(`duplicate agent ID "${id}"`);
    agents.set(id, await openSource(id, source));
  }
  const find = (id: string) => {
    const agent = agents.get(id || 'default');
    if (!agent) throw new RpcError(Code.notFound, `unset ssh forward key ${id || 'default'}`);
    return agent;
  };
  return {
    routes: routes(SSH, {
      async checkAgent(request) {
        find(request.ID);
        return {};
      },
      async *forwardAgent(requests, context) {
        const source = find(context.headers.get('buildkit.ssh.id')?.[0] ?? '');
        const incoming = dataOf(requests);
        if ('agent' in source) {
          for await (const data of serveAgent(source.agent, incoming)) yield { data };
          return;
        }
        const socket = net.connect(source.socket);
        context.signal.addEventListener('abort', () => socket.destroy(), { once: true });
        void (async () => {
          for await (const data of incoming) if (!socket.write(data)) await once(socket, 'drain');
          socket.end();
        })().catch((error: Error) => socket.destroy(error));
        for await (const data of socket as AsyncIterable<Uint8Array>) yield { data };
      },
    }),
  };
}

async function* dataOf(messages: AsyncIterable<{ readonly data: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for await (const message of messages) yield message.data;
}

async function openSource(id: string, source: SshSource) {
  const paths = source.paths?.length ? source.paths : [process.env['SSH_AUTH_SOCK'] ?? ''];
  if (paths[0] === '')
    throw new Error(`invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set (ssh forward "${id}")`);
  const sockets: string[] = [];
  const keys: string[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'no such file or directory' : error.message;
      throw new UnusableFile(`ssh forward "${id}": no agent socket or key at ${path}: ${reason}`);
    });
    (stats.isSocket() ? sockets : keys).push(path);
  }
  if (sockets.length > 0) {
    if (keys.length > 0) throw new Error('invalid combination of keys and sockets');
    if (sockets.length > 1) throw new Error('only single socket allowed');
    return source.raw ? { socket: sockets[0]! } : { agent: agentOfSocket(sockets[0]!) };
  }
  if (source.raw) throw new Error('raw mode only supported with socket paths');
  return { agent: agentOfKeys(await Promise.all(keys.map(parsePrivateKey))) };
}
