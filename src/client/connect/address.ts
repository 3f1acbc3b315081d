/** The addresses of daemons: their syntax and the defaults. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { withoutBrackets } from '../../http/host-name.ts';
import { dockerConfigDir } from '../../registry/docker-config.ts';
import { homeDir } from '../../system/home.ts';
import { aString, checkArgument } from '../../text/arguments.ts';
import { redactCredentials } from '../../text/redact.ts';
import { AddressError } from './address-error.ts';
import { dockerContext } from './docker-context.ts';
import type { TlsOptions } from './tls-files.ts';

/**
 * The protocol at an address: BuildKit's gRPC, Docker's HTTP API with BuildKit inside, or unknown until the first
 * request.
 */
export type Protocol = 'buildkit' | 'docker' | 'detect';

/** The address of a daemon: its text, how it is reached, and which API it speaks. */
export type Address = { readonly text: string; readonly protocol: Protocol } & (
  | { readonly via: 'socket'; readonly path: string }
  | { readonly via: 'tcp'; readonly host: string; readonly port: number; readonly tls?: TlsOptions }
  | { readonly via: 'command'; readonly command: readonly [string, ...string[]] }
);

/** An address without its text. */
type Reached = WithoutText<Address>;
type WithoutText<A> = A extends Address ? Omit<A, 'text'> : never;

/**
 * Parses an address: `unix://PATH`, `tcp://HOST:PORT[?cacert=FILE&cert=FILE&key=FILE&servername=NAME]`,
 * `docker-container://NAME[?context=CONTEXT|host=ADDRESS]`, `podman-container://NAME`,
 * `nerdctl-container://NAME[?namespace=NAMESPACE]`,
 * `kube-pod://POD[?context=…&namespace=…&container=…&kubeconfig=FILE]`, `ssh://[USER@]HOST[:PORT][/SOCKET]`,
 * `stdio:COMMAND ARGS…` (a command whose standard streams are the connection) or a path. In containers and pods, and
 * over ssh, `buildctl dial-stdio` is run. A prefix `docker+` or `buildkit+` says what is at the address; by default
 * unix and tcp addresses are asked.
 * @throws Error that lists what is possible
 */
export function parseAddress(address: string, protocol?: Protocol): Address {
  checkArgument('parseAddress', 'address', address, aString);
  const [, prefix, rest] = /^(docker|buildkit)\+(.*)$/s.exec(address) ?? [];
  if (prefix && rest) return { ...parseAddress(rest, prefix as Protocol), text: address };
  const parsed = address.startsWith('stdio:')
    ? parseCommand(address, protocol)
    : address.startsWith('/')
      ? socketAt(address, protocol)
      : parseUrl(address, protocol);
  if (parsed) return { text: address, ...parsed };
  throw new AddressError(
    `invalid address ${JSON.stringify(redactCredentials(address))}: want unix://PATH, tcp://HOST:PORT, docker-container://NAME, kube-pod://POD, ssh://[USER@]HOST or stdio:COMMAND`,
  );
}

function socketAt(path: string, protocol: Protocol = 'detect'): Reached {
  return { via: 'socket', path, protocol };
}

/** @throws AddressError without a command */
function parseCommand(address: string, protocol: Protocol = 'buildkit'): Reached {
  const [program, ...args] = address.slice('stdio:'.length).trim().split(/\s+/);
  if (!program)
    throw new AddressError(`invalid address ${JSON.stringify(redactCredentials(address))}: stdio: needs a command`);
  return { via: 'command', command: [program, ...args], protocol };
}

/** An address with a scheme; undefined if it is not valid. */
function parseUrl(address: string, protocol: Protocol | undefined): Reached | undefined {
  const [, scheme = '', where = ''] = /^([a-z][a-z0-9-]*):\/\/(.*)$/s.exec(address) ?? [];
  switch (scheme) {
    case 'unix':
      return where === '' ? undefined : socketAt(where, protocol);
    case 'tcp':
    case 'http':
    case 'https':
      return parseTcp(where, scheme === 'https', protocol);
    case 'docker-container':
    case 'podman-container':
    case 'nerdctl-container':
    case 'kube-pod': {
      const command = execCommand(scheme, where);
      return command && { via: 'command', command, protocol: 'buildkit' };
    }
    case 'ssh':
      return parseSsh(address, protocol === 'docker' ? 'docker' : 'buildkit');
    default:
      return undefined;
  }
}

function parseTcp(where: string, secure: boolean, protocol: Protocol = 'detect'): Reached | undefined {
  const url = URL.parse(`http://${where}`);
  if (!url?.hostname) return undefined;
  const tls = parseTls(url.searchParams, secure);
  if (tls === null) return undefined;
  const port = url.port ? Number(url.port) : protocol === 'docker' ? 2375 : 1234;
  return { via: 'tcp', host: withoutBrackets(url.hostname), port, protocol, ...(tls && { tls }) };
}

/** Runs the client's end of the connection on another machine. */
function parseSsh(address: string, protocol: 'docker' | 'buildkit'): Reached | undefined {
  const url = URL.parse(address);
  if (!url?.hostname || url.hostname.startsWith('-') || url.password || url.search || url.hash) return undefined;
  const socket = url.pathname.length > 1 ? url.pathname : undefined;
  if (socket && !/^[\w./-]+$/.test(socket)) return undefined; // it becomes part of a remote shell's command line
  const user = url.username ? ['-l', decodeURIComponent(url.username)] : [];
  const port = url.port ? ['-p', url.port] : [];
  const remote =
    protocol === 'docker'
      ? ['docker', ...(socket ? ['--host', `unix://${socket}`] : []), 'system', 'dial-stdio']
      : ['buildctl', ...(socket ? ['--addr', `unix://${socket}`] : []), 'dial-stdio'];
  const host = withoutBrackets(url.hostname);
  return {
    via: 'command',
    command: ['ssh', '-o', 'ConnectTimeout=7', '-T', ...user, ...port, '--', host, ...remote],
    protocol,
  };
}

const dialStdio = ['buildctl', 'dial-stdio'];

/** Runs BuildKit's end of the connection in a container or a pod; undefined for other addresses. */
function execCommand(scheme: string, where: string): [string, ...string[]] | undefined {
  const [, name, query = ''] = /^([a-zA-Z0-9][\w.-]*)\/?(?:\?(.*))?$/s.exec(where) ?? [];
  const fields = new Map(new URLSearchParams(query));
  const take = (key: string, pattern = /^[a-zA-Z0-9][\w.-]*$/) => {
    const value = fields.get(key);
    if (value !== undefined && value !== '' && !pattern.test(value)) return undefined; // stays, and is refused below
    fields.delete(key);
    return value || undefined;
  };
  const flag = (key: string, pattern?: RegExp) => {
    const value = take(key, pattern);
    return value === undefined ? [] : [`--${key}=${value}`];
  };
  let command: [string, ...string[]];
  if (scheme === 'docker-container') {
    // An address of an engine as DOCKER_HOST has it.
    const place = [...flag('context'), ...flag('host', /^[a-z]+:\/\/[^\s]+$/)];
    command = ['docker', ...place, 'exec', '-i', name ?? '', ...dialStdio];
  } else if (scheme === 'podman-container') command = ['podman', 'exec', '-i', name ?? '', ...dialStdio];
  else if (scheme === 'nerdctl-container')
    command = ['nerdctl', ...flag('namespace'), 'exec', '-i', name ?? '', ...dialStdio];
  else {
    const cluster = [...flag('kubeconfig', /./), ...flag('context', /^[^-].*$/s), ...flag('namespace')];
    command = ['kubectl', ...cluster, 'exec', ...flag('container'), '-i', name ?? '', '--', ...dialStdio];
  }
  return name === undefined || fields.size > 0 ? undefined : command;
}

/** TLS as the query of an address asks for it, in the words of buildx's remote driver; null for what is unknown. */
function parseTls(query: URLSearchParams, secure: boolean): TlsOptions | undefined | null {
  const { cacert, cert, key, servername, ...unknown } = Object.fromEntries(query);
  if (Object.keys(unknown).length > 0 || (cert === undefined) !== (key === undefined)) return null;
  if (!secure && cacert === undefined && cert === undefined && servername === undefined) return undefined;
  return { ca: cacert, cert, key, serverName: servername };
}

/**
 * The default address: BUILDKIT_HOST, then DOCKER_HOST, then the engine of the current Docker context, then the sockets
 * where daemons usually listen.
 * @param onWarning called if Docker's config.json is broken, which is then ignored; if absent, that is an error
 * @throws Error if no address is found
 */
export function defaultAddress(
  env: Readonly<Record<string, string | undefined>> = process.env,
  onWarning?: (message: string) => void,
): Address {
  if (env['BUILDKIT_HOST']) return parseAddress(env['BUILDKIT_HOST']);
  const chosen = chosenDocker(env, onWarning);
  if (chosen) return chosen;
  const runtime = env['XDG_RUNTIME_DIR'];
  const sockets: [string | undefined, Protocol][] = [
    ['/run/buildkit/buildkitd.sock', 'buildkit'],
    [runtime && path.join(runtime, 'buildkit/buildkitd.sock'), 'buildkit'],
    ...dockerSockets(env).map((socket): [string, Protocol] => [socket, 'docker']),
  ];
  for (const [socket, protocol] of sockets)
    if (socket && existsSync(socket)) return parseAddress(`unix://${socket}`, protocol);
  throw new Error(
    `no BuildKit found: neither BUILDKIT_HOST nor DOCKER_HOST is set, and there is no socket at ${sockets
      .flatMap(([socket]) => socket ?? [])
      .join(', ')}`,
  );
}

/**
 * The default Docker engine: DOCKER_HOST, then that of the current Docker context, then the sockets where it usually
 * listens.
 * @param onWarning called if Docker's config.json is broken, which is then ignored; if absent, that is an error
 * @throws Error if no address is found
 */
export function dockerAddress(
  env: Readonly<Record<string, string | undefined>> = process.env,
  onWarning?: (message: string) => void,
): Address {
  const chosen = chosenDocker(env, onWarning);
  if (chosen) return chosen;
  const sockets = dockerSockets(env);
  const socket = sockets.find((file) => existsSync(file));
  if (socket) return parseAddress(`unix://${socket}`, 'docker');
  throw new Error(`no Docker engine found: DOCKER_HOST is not set, and there is no socket at ${sockets.join(', ')}`);
}

function chosenDocker(
  env: Readonly<Record<string, string | undefined>>,
  onWarning: ((message: string) => void) | undefined,
): Address | undefined {
  if (env['DOCKER_HOST']) return parseAddress(env['DOCKER_HOST'], 'docker');
  const context = dockerContext(env, onWarning);
  if (!context) return undefined;
  const address = parseAddress(context.host, 'docker');
  return address.via === 'tcp' && context.tls ? { ...address, tls: context.tls } : address;
}

function dockerSockets(env: Readonly<Record<string, string | undefined>>): string[] {
  const runtime = env['XDG_RUNTIME_DIR'];
  const home = homeDir(env);
  return [
    '/var/run/docker.sock',
    ...(runtime ? [path.join(runtime, 'docker.sock')] : []),
    ...(home ? [path.join(home, '.docker/run/docker.sock')] : []),
  ];
}

/**
 * The TLS files of an address: those in the address, or those of Docker's variables for DOCKER_HOST.
 * @throws AddressError if DOCKER_TLS_VERIFY is set and their directory is unknown
 */
export function tlsOf(address: Address, env: Readonly<Record<string, string | undefined>>): TlsOptions | undefined {
  if (address.via !== 'tcp') return undefined;
  const isDockerHost = address.text.replace(/^docker\+/, '') === env['DOCKER_HOST'];
  if (address.tls || !isDockerHost || !env['DOCKER_TLS_VERIFY']) return address.tls;
  const dir = env['DOCKER_CERT_PATH'] || dockerConfigDir(env);
  if (!dir)
    throw new AddressError(
      'DOCKER_TLS_VERIFY is set, but there is no home directory: name that of the certificates in DOCKER_CERT_PATH',
    );
  return { ca: path.join(dir, 'ca.pem'), cert: path.join(dir, 'cert.pem'), key: path.join(dir, 'key.pem') };
}
