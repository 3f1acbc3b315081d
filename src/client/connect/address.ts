/** Where a daemon is: the addresses users write, and the defaults. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** What answers at an address: BuildKit's gRPC, Docker's HTTP API with BuildKit inside, or not known until asked. */
export type Protocol = 'buildkit' | 'docker' | 'detect';

export type Address = { readonly text: string; readonly protocol: Protocol } & (
  | { readonly via: 'socket'; readonly path: string }
  | { readonly via: 'tcp'; readonly host: string; readonly port: number }
  | { readonly via: 'command'; readonly command: readonly [string, ...string[]] }
);

/**
 * Parses an address: `unix://PATH`, `tcp://HOST:PORT`, `docker-container://NAME`, `ssh://[USER@]HOST[:PORT][/SOCKET]`,
 * `stdio:COMMAND ARGS…` (a command whose standard streams are the connection) or a path. A prefix `docker+` or
 * `buildkit+` says what is at the address; by default unix and tcp addresses are asked.
 * @throws Error that lists what is possible
 */
export function parseAddress(text: string, protocol?: Protocol): Address {
  const [, prefix, rest] = /^(docker|buildkit)\+(.*)$/s.exec(text) ?? [];
  if (prefix && rest) return { ...parseAddress(rest, prefix as Protocol), text };
  if (text.startsWith('/')) return { text, via: 'socket', path: text, protocol: protocol ?? 'detect' };
  if (text.startsWith('stdio:')) {
    const [program, ...args] = text.slice('stdio:'.length).trim().split(/\s+/);
    if (!program) throw new Error(`invalid address ${JSON.stringify(text)}: stdio: needs a command`);
    return { text, via: 'command', command: [program, ...args], protocol: protocol ?? 'buildkit' };
  }
  const [, scheme, where] = /^([a-z][a-z0-9-]*):\/\/(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case 'unix':
      if (!where) break;
      return { text, via: 'socket', path: where, protocol: protocol ?? 'detect' };
    case 'tcp':
    case 'http':
    case 'https': {
      const url = URL.parse(`http://${where}`);
      if (!url?.hostname) break;
      const port = url.port ? Number(url.port) : protocol === 'docker' ? 2375 : 1234;
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
      return { text, via: 'tcp', host, port, protocol: protocol ?? 'detect' };
    }
    case 'docker-container': {
      const name = where?.split(/[?/]/)[0];
      if (!name) break;
      const command = ['docker', 'exec', '-i', name, 'buildctl', 'dial-stdio'] as const;
      return { text, via: 'command', command: [...command], protocol: 'buildkit' };
    }
    case 'ssh': {
      const url = URL.parse(text);
      if (!url?.hostname || url.hostname.startsWith('-') || url.password) break;
      const target = ['ssh', '-o', 'ConnectTimeout=10', '-T'];
      if (url.username) target.push('-l', decodeURIComponent(url.username));
      if (url.port) target.push('-p', url.port);
      target.push('--', url.hostname);
      const socket = url.pathname.length > 1 ? url.pathname : undefined;
      if (socket && !/^[\w./-]+$/.test(socket)) break; // it becomes part of a remote shell's command line
      const remote =
        protocol === 'docker'
          ? ['docker', ...(socket ? ['--host', `unix://${socket}`] : []), 'system', 'dial-stdio']
          : ['buildctl', ...(socket ? ['--addr', `unix://${socket}`] : []), 'dial-stdio'];
      const command: [string, ...string[]] = ['ssh', ...target.slice(1), ...remote];
      return { text, via: 'command', command, protocol: protocol === 'docker' ? 'docker' : 'buildkit' };
    }
  }
  throw new Error(
    `invalid address ${JSON.stringify(text)}: want unix://PATH, tcp://HOST:PORT, docker-container://NAME, ssh://[USER@]HOST or stdio:COMMAND`,
  );
}

/**
 * The address to use when none is given: BUILDKIT_HOST, then DOCKER_HOST, then the sockets where daemons usually listen.
 * @throws Error when there is none
 */
export function defaultAddress(env: Readonly<Record<string, string | undefined>> = process.env): Address {
  if (env['BUILDKIT_HOST']) return parseAddress(env['BUILDKIT_HOST']);
  if (env['DOCKER_HOST']) return parseAddress(env['DOCKER_HOST'], 'docker');
  const runtime = env['XDG_RUNTIME_DIR'];
  const sockets: [string | undefined, Protocol][] = [
    ['/run/buildkit/buildkitd.sock', 'buildkit'],
    [runtime && path.join(runtime, 'buildkit/buildkitd.sock'), 'buildkit'],
    ['/var/run/docker.sock', 'docker'],
    [runtime && path.join(runtime, 'docker.sock'), 'docker'],
    [path.join(homedir(), '.docker/run/docker.sock'), 'docker'],
  ];
  for (const [socket, protocol] of sockets)
    if (socket && existsSync(socket)) return parseAddress(`unix://${socket}`, protocol);
  throw new Error(
    `no BuildKit found: neither BUILDKIT_HOST nor DOCKER_HOST is set, and there is no socket at ${sockets
      .flatMap(([socket]) => socket ?? [])
      .join(', ')}`,
  );
}
