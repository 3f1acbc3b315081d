/**
 * Builders of buildx by their names: what `docker buildx create` wrote down, and Docker contexts. Their nodes become
 * addresses as users write them.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseBool } from '../../go/strconv.ts';
import { normalizePlatform, type Platform } from '../../image/platform.ts';
import { dockerConfigDir } from '../../registry/docker-config.ts';
import { runSubprocess } from '../../system/subprocess.ts';
import { inEnglish, subprocessEnvironment } from '../../system/subprocess-environment.ts';
import { redactCredentials } from '../../text/redact.ts';
import { AddressError } from './address-error.ts';
import { readBuilderFile, type StoredNode } from './builder-file.ts';
import { dockerContext } from './docker-context.ts';

/** A node of a builder: a daemon. */
export interface BuilderNode {
  readonly name: string;
  /** The platforms that the builder assigns to the node; [] if the daemon has to be asked. */
  readonly platforms: readonly Platform[];
  /** Whether what is built without an output is loaded into the Docker engine: the driver option `default-load`. */
  readonly loads: boolean;
  /**
   * The address for `parseAddress`; undefined for the default Docker engine. Each call chooses a pod.
   * @throws Error if the node cannot be reached from this machine
   */
  address(): Promise<string | undefined>;
}

/** A builder of buildx. */
export interface Builder {
  readonly name: string;
  readonly driver: string;
  /** At least one. */
  readonly nodes: readonly [BuilderNode, ...BuilderNode[]];
}

/** Options for finding a builder. */
export interface FindBuilderOptions {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Builds with the same key go to the same pod of a Kubernetes builder, so that they find their cache. */
  readonly stickyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whether what a user gives as a daemon is the name of a builder or a Docker context: it is neither an address nor a
 * path.
 */
export function isBuilderName(text: string): boolean {
  return /^[A-Za-z0-9][\w.+-]*$/.test(text);
}

/** The directory of buildx's data about builders and builds; undefined without a home directory. */
export function builderDir(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const docker = dockerConfigDir(env);
  return env['BUILDX_CONFIG'] || (docker && path.join(docker, 'buildx'));
}

/**
 * Finds a builder. As in buildx its name may be in any case, that of a Docker context may not.
 * @throws Error for a name that nothing has, and for a builder whose file is not as buildx writes it
 */
export async function findBuilder(givenName: string, options: FindBuilderOptions = {}): Promise<Builder> {
  const env = options.env ?? process.env;
  const dir = builderDir(env);
  const name = givenName.toLowerCase();
  const stored = dir ? readBuilderFile(path.join(dir, 'instances', name)) : undefined;
  if (!stored) {
    if (givenName === 'default' || hasContext(givenName, env)) {
      const address = async () => dockerContextAddress(givenName, env);
      return { name: givenName, driver: 'docker', nodes: [{ name: givenName, address, platforms: [], loads: false }] };
    }
    const places = dir
      ? `neither ${path.join(dir, 'instances')} nor a Docker context has it`
      : 'there is no home directory';
    throw new AddressError(
      `no builder ${JSON.stringify(givenName)} found: ${places}; \`docker buildx ls\` lists builders, and an address begins as unix:// or tcp://`,
    );
  }
  const { driver } = stored;
  const nodes = stored.nodes.map((node): BuilderNode => {
    const namedNode = { ...node, name: node.name || name };
    return {
      name: namedNode.name,
      platforms: node.platforms.map((it) => normalizePlatform({ ...it, osVersion: '', osFeatures: [] })),
      loads: driver !== 'docker' && parseBool(node.driverOpts['default-load'] ?? 'false'),
      address: () => addressOf(driver, namedNode, { ...options, env }),
    };
  });
  const [first, ...others] = nodes;
  if (!first) throw new Error(`the builder ${JSON.stringify(name)} has no node`);
  return { name, driver, nodes: [first, ...others] };
}

/** The hint for a builder that does not answer; '' if buildx does not start and stop it. */
export function startAdvice({ name, driver }: Builder): string {
  const starts = driver === 'docker-container' || driver === 'kubernetes';
  return starts ? `; \`docker buildx inspect --bootstrap ${name}\` starts it` : '';
}

function hasContext(name: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const dir = dockerConfigDir(env);
  const id = createHash('sha256').update(name).digest('hex');
  return dir !== undefined && existsSync(path.join(dir, 'contexts/meta', id, 'meta.json'));
}

/** The engine of a Docker context; of the one named `default` that of DOCKER_HOST or the usual sockets. */
function dockerContextAddress(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const context = dockerContext({ ...env, DOCKER_CONTEXT: name });
  if (!context) return env['DOCKER_HOST'] ? `docker+${env['DOCKER_HOST']}` : undefined;
  if (!context.host.startsWith('tcp://')) return `docker+${context.host}`;
  const { ca, cert, key } = context.tls ?? {};
  return `docker+${withQuery(context.host, { cacert: ca, cert, key })}`;
}

type AddressOptions = FindBuilderOptions & { readonly env: Readonly<Record<string, string | undefined>> };

async function addressOf(driver: string, node: StoredNode, options: AddressOptions): Promise<string | undefined> {
  const { name, endpoint, driverOpts } = node;
  switch (driver) {
    case 'docker':
      if (!endpoint.includes('://')) return dockerContextAddress(endpoint || 'default', options.env);
      requireScheme(endpoint, ['unix', 'tcp', 'http', 'https', 'ssh']);
      return `docker+${endpoint}`;
    case 'docker-container': {
      const container = `docker-container://buildx_buildkit_${name}`;
      // Without it, docker would take the context that is in use.
      if (!endpoint.includes('://')) return withQuery(container, { context: endpoint || 'default' });
      requireScheme(endpoint, ['unix', 'tcp', 'http', 'https', 'ssh']);
      return withQuery(container, { host: endpoint });
    }
    case 'remote': {
      requireScheme(endpoint, ['unix', 'tcp', 'ssh', 'docker-container', 'kube-pod']);
      const { cacert, cert, key, servername } = driverOpts;
      return endpoint.startsWith('tcp://') ? withQuery(endpoint, { cacert, cert, key, servername }) : endpoint;
    }
    case 'kubernetes':
      return choosePod(node, options);
    default:
      throw new Error(
        `its driver is ${JSON.stringify(driver)}: known are docker, docker-container, remote and kubernetes`,
      );
  }
}

/**
 * Parses an address from a file of buildx. Only buildx's own kinds are allowed, so that no file can name a command to
 * run.
 */
function requireScheme(endpoint: string, schemes: readonly string[]): void {
  if (schemes.some((scheme) => endpoint.startsWith(`${scheme}://`))) return;
  const list = schemes.map((scheme) => `${scheme}://`).join(', ');
  throw new Error(`its endpoint is ${JSON.stringify(redactCredentials(endpoint))}: want one of ${list}`);
}

function withQuery(address: string, fields: Readonly<Record<string, string | undefined>>): string {
  const parameters = Object.entries(fields).filter((field): field is [string, string] => Boolean(field[1]));
  return parameters.length === 0 ? address : `${address}?${new URLSearchParams(parameters)}`;
}

const containerName = 'buildkitd';
/** A cluster that cannot be reached keeps kubectl for minutes. */
const kubectlMs = 30_000;

interface Pod {
  readonly metadata?: { readonly name?: string; readonly deletionTimestamp?: string };
  readonly status?: { readonly phase?: string };
}

/** A running pod of the node's deployment. @throws Error if no pod runs, or `kubectl` fails */
async function choosePod(
  { name, endpoint, driverOpts: { namespace, loadbalance } }: StoredNode,
  { env, stickyKey = '', signal }: AddressOptions,
): Promise<string> {
  const kubeconfig = /^kubernetes:/.test(endpoint) ? (URL.parse(endpoint)?.searchParams.get('kubeconfig') ?? '') : '';
  const deployment = name.replaceAll('_', '-');
  const place = [
    ...(kubeconfig ? [`--kubeconfig=${kubeconfig}`] : []),
    ...(namespace ? [`--namespace=${namespace}`] : []),
  ];
  const args = [...place, 'get', 'pods', `--selector=app=${deployment}`, '--output=json'];
  const { stdout } = await runSubprocess('kubectl', args, {
    env: subprocessEnvironment(env, inEnglish),
    timeoutMs: kubectlMs,
    ...(signal && { signal }),
  });
  const running = parsePods(stdout.toString())
    .filter(({ metadata, status }) => status?.phase === 'Running' && !metadata?.deletionTimestamp)
    .flatMap(({ metadata }) => metadata?.name || []);
  if (running.length === 0)
    throw new Error(`no pod of the deployment ${deployment} runs${namespace ? ` in the namespace ${namespace}` : ''}`);
  // The pod that the key prefers most among those that there are: others that come or go move few builds.
  const preference = (pod: string) => createHash('sha256').update(`${stickyKey}\0${pod}`).digest('hex');
  const chosen =
    loadbalance === 'random'
      ? running[Math.floor(Math.random() * running.length)]!
      : running.reduce((best, pod) => (preference(pod) > preference(best) ? pod : best));
  return withQuery(`kube-pod://${chosen}`, { namespace, container: containerName, kubeconfig });
}

function parsePods(json: string): readonly Pod[] {
  try {
    const { items } = JSON.parse(json) as { readonly items?: readonly Pod[] | null };
    return items ?? [];
  } catch (error) {
    throw new Error(`kubectl did not list the pods as JSON: ${(error as Error).message}`, { cause: error });
  }
}
