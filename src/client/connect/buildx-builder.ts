/**
 * Builders of buildx by their names: what `docker buildx create` wrote down, and Docker contexts. Their nodes become
 * addresses as users write them.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { dockerConfigDir } from '../../image/docker-config.ts';
import { formatPlatform, parsePlatform } from '../../image/platform.ts';
import { maxSettingsBytes, readNamedFileSync } from '../../system/named-file.ts';
import { inEnglish, programEnvironment, runProgram } from '../../system/program.ts';
import { AddressError } from './address.ts';
import { dockerContext } from './docker-context.ts';

export interface BuilderNode {
  readonly name: string;
  /** As `parseAddress` takes it; undefined for the Docker engine that is the default. */
  readonly address: string | undefined;
  /** What the node is meant for; [] where its daemon is to be asked. */
  readonly platforms: readonly string[];
}

export interface Builder {
  readonly name: string;
  readonly driver: string;
  /** At least one. */
  readonly nodes: readonly [BuilderNode, ...BuilderNode[]];
}

export interface FindBuilderOptions {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Builds with the same key go to the same pod of a Kubernetes builder, so that they find their cache. */
  readonly stickyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether what a user gives as a daemon is the name of a builder: it is neither an address nor a path. */
export function isBuilderName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*$/.test(text);
}

/** Where buildx keeps what it knows of its builders and builds; undefined without a home folder. */
export function builderFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const docker = dockerConfigDir(env);
  return env['BUILDX_CONFIG'] || (docker && path.join(docker, 'buildx'));
}

/**
 * Finds a builder.
 * @throws Error for a name that nothing has, and for a builder that cannot be used from here
 */
export async function findBuilder(name: string, options: FindBuilderOptions = {}): Promise<Builder> {
  const env = options.env ?? process.env;
  const dir = builderFolder(env);
  const instance = dir ? readInstance(path.join(dir, 'instances', name)) : undefined;
  if (!instance) {
    if (name === 'default' || hasContext(name, env))
      return { name, driver: 'docker', nodes: [{ name, address: ofContext(name, env), platforms: [] }] };
    const places = dir
      ? `neither ${path.join(dir, 'instances')} nor a Docker context has it`
      : 'there is no home folder';
    throw new AddressError(
      `no builder ${JSON.stringify(name)} found: ${places}; \`docker buildx ls\` lists builders, and an address begins as unix:// or tcp://`,
    );
  }
  const { Driver = '', Nodes } = instance;
  const nodes: BuilderNode[] = [];
  for (const node of Nodes ?? []) {
    nodes.push({
      name: node.Name ?? name,
      address: await addressOf(Driver, node, { ...options, env }).catch((error: Error) => {
        throw new Error(`the builder ${JSON.stringify(name)} cannot be used: ${error.message}`, { cause: error });
      }),
      platforms: (node.Platforms ?? []).map((it) =>
        formatPlatform(parsePlatform([it.os, it.architecture, it.variant].filter(Boolean).join('/'))),
      ),
    });
  }
  const [first, ...others] = nodes;
  if (!first) throw new Error(`the builder ${JSON.stringify(name)} has no node`);
  return { name, driver: Driver, nodes: [first, ...others] };
}

/** As buildx writes it. */
interface Instance {
  readonly Driver?: string;
  readonly Nodes?: readonly Node[] | null;
}

interface Node {
  readonly Name?: string;
  /** A Docker context, or an address. */
  readonly Endpoint?: string;
  readonly Platforms?:
    | readonly { readonly os: string; readonly architecture: string; readonly variant?: string }[]
    | null;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
}

function readInstance(file: string): Instance | undefined {
  try {
    return JSON.parse(readNamedFileSync(file, maxSettingsBytes).toString()) as Instance;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`cannot read the builder ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function hasContext(name: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const dir = dockerConfigDir(env);
  const id = createHash('sha256').update(name).digest('hex');
  return dir !== undefined && existsSync(path.join(dir, 'contexts/meta', id, 'meta.json'));
}

/** The engine of a Docker context; of the one named `default` that of DOCKER_HOST or the usual sockets. */
function ofContext(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const context = dockerContext({ ...env, DOCKER_CONTEXT: name });
  if (!context) return env['DOCKER_HOST'] ? `docker+${env['DOCKER_HOST']}` : undefined;
  const { ca, cert, key } = context.tls ?? {};
  return `docker+${withQuery(context.host, { cacert: ca, cert, key })}`;
}

type AddressOptions = FindBuilderOptions & { readonly env: Readonly<Record<string, string | undefined>> };

async function addressOf(driver: string, node: Node, options: AddressOptions): Promise<string | undefined> {
  const endpoint = node.Endpoint ?? '';
  const opts = node.DriverOpts ?? {};
  switch (driver) {
    case 'docker':
      return endpoint.includes('://') ? `docker+${endpoint}` : ofContext(endpoint, options.env);
    case 'docker-container': {
      const container = `docker-container://buildx_buildkit_${node.Name}`;
      if (endpoint.includes('://')) return withQuery(container, { host: endpoint });
      return endpoint === '' || endpoint === 'default' ? container : withQuery(container, { context: endpoint });
    }
    case 'remote': {
      const { cacert, cert, key, servername } = opts;
      return endpoint.startsWith('tcp://') ? withQuery(endpoint, { cacert, cert, key, servername }) : endpoint;
    }
    case 'kubernetes':
      return choosePod(node, opts, options);
    default:
      throw new Error(
        `its driver is ${JSON.stringify(driver)}: known are docker, docker-container, remote and kubernetes`,
      );
  }
}

function withQuery(address: string, fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(fields).filter((field): field is [string, string] => Boolean(field[1]));
  return given.length === 0 ? address : `${address}?${new URLSearchParams(given)}`;
}

const CONTAINER = 'buildkitd';

interface Pod {
  readonly metadata?: { readonly name?: string; readonly deletionTimestamp?: string };
  readonly status?: { readonly phase?: string };
}

/** A running pod of the node's deployment. @throws Error where there is none, or `kubectl` fails */
async function choosePod(
  { Name = '', Endpoint = '' }: Node,
  opts: Readonly<Record<string, string>>,
  { env, stickyKey = '', signal }: AddressOptions,
): Promise<string> {
  const { namespace, loadbalance } = opts;
  const kubeconfig = /^kubernetes:/.test(Endpoint) ? (URL.parse(Endpoint)?.searchParams.get('kubeconfig') ?? '') : '';
  const deployment = Name.replaceAll('_', '-');
  const place = [
    ...(kubeconfig ? [`--kubeconfig=${kubeconfig}`] : []),
    ...(namespace ? [`--namespace=${namespace}`] : []),
  ];
  const args = [...place, 'get', 'pods', `--selector=app=${deployment}`, '--output=json'];
  const { stdout } = await runProgram('kubectl', args, {
    env: programEnvironment(env, inEnglish),
    ...(signal && { signal }),
  });
  const { items = [] } = JSON.parse(stdout.toString()) as { readonly items?: readonly Pod[] };
  const running = items
    .filter(({ metadata, status }) => status?.phase === 'Running' && !metadata?.deletionTimestamp)
    .map(({ metadata }) => metadata?.name ?? '');
  if (running.length === 0)
    throw new Error(
      `no pod of the deployment ${deployment} runs${namespace ? ` in the namespace ${namespace}` : ''}: \`docker buildx inspect --bootstrap\` starts it`,
    );
  // the pod that the key prefers most among those that there are: others that come or go move few builds
  const preference = (pod: string) => createHash('sha256').update(`${stickyKey}\0${pod}`).digest('hex');
  const chosen =
    loadbalance === 'random'
      ? running[Math.floor(Math.random() * running.length)]!
      : running.reduce((best, pod) => (preference(pod) > preference(best) ? pod : best));
  return withQuery(`kube-pod://${chosen}`, { namespace, container: CONTAINER, kubeconfig });
}
