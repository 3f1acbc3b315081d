/** Builds each platform on the daemon that has it, and joins the results into one image. */
import { formatPlatform, parsePlatform } from '../image/platform.ts';
import { aString, checkArgument, listOf, objectWith, objectWithOnly, optional } from '../text/arguments.ts';
import { printableLine } from '../text/printable.ts';
import { aConnection, anObjectOfStrings } from './client-arguments.ts';
import type { Connection } from './connection.ts';
import { type IndexEntry, type JoinOptions, joinImages } from './image-index.ts';
import { type Build, type SolveResult, solve } from './solve.ts';
import { commonOptions, type SolveOptions } from './solve-options.ts';
import type { StatusUpdate } from './status.ts';

/** A daemon and what it builds. */
export interface BuildNode {
  /** The daemon. Whoever opened it closes it. */
  readonly connection: Connection;
  /** `linux/arm64`; an empty list takes what no other node has. */
  readonly platforms: readonly string[];
}

/** A build on several nodes: the options of {@link SolveOptions}, for an image of several platforms. */
export interface NodesOptions extends Omit<SolveOptions, 'exports' | 'chooseExports' | 'ref' | 'attachables'> {
  /** The platforms of the image; each is built on the first node that has it. */
  readonly platforms: readonly string[];
  /** Names of the image, all in registries that every node can push to. */
  readonly names: readonly string[];
  /** Attributes for the image exporter of every node. */
  readonly imageAttrs?: Readonly<Record<string, string>> | undefined;
  /** Options for writing the index to the registry. */
  readonly join?: JoinOptions | undefined;
}

const anArrayOfNodes = listOf(
  objectWith({ connection: aConnection, platforms: listOf(aString) }),
  'an array of { connection, platforms }',
);
const nodesOptions = objectWithOnly<NodesOptions>({
  ...commonOptions,
  platforms: listOf(aString),
  names: listOf(aString),
  imageAttrs: optional(anObjectOfStrings),
  join: optional(objectWith({})),
});

/**
 * Builds on several daemons at once. Each pushes its platforms by digest; the index of them gets the names.
 *
 * @example
 * const nodes = [
 *   { connection: await connect('ssh://arm-host'), platforms: ['linux/arm64'] },
 *   { connection: await connect(), platforms: [] },
 * ];
 * const build = solveOnNodes(nodes, { platforms: ['linux/amd64', 'linux/arm64'], names: ['example.com/app:1'],
 * frontend, localDirs });
 * @throws Error if a platform has no node
 */
export function solveOnNodes(nodes: readonly BuildNode[], options: NodesOptions): Build {
  checkArgument('solveOnNodes', 'nodes', nodes, anArrayOfNodes);
  checkArgument('solveOnNodes', 'options', options, nodesOptions);
  const { platforms: wanted, names, imageAttrs, join: joinOptions, ...solveOptions } = options;
  const assigned = assign(nodes, wanted);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const repositories = [...new Set(names.map((name) => name.replace(/:[^:/]*$/, '')))];
  const builds = [...assigned].map(([node, platforms]) => {
    const build = solve(node.connection, {
      ...solveOptions,
      signal,
      frontendAttrs: { ...options.frontendAttrs, platform: platforms.join(',') },
      exports: [
        {
          type: 'image',
          // The parts are of no use on the nodes.
          attrs: {
            store: 'false',
            ...imageAttrs,
            name: repositories.join(','),
            push: 'true',
            'push-by-digest': 'true',
          },
        },
      ],
    });
    // One that fails makes the others useless.
    build.result.catch((error: unknown) => stop.abort(error));
    return { build, label: assigned.size > 1 ? platforms.join(',') : '' };
  });
  const result = joinResults(
    builds.map(({ build }) => build.result),
    options,
  );
  result.catch(() => {});
  return { ref: builds[0]!.build.ref, result, status: mergeStatus(builds) };
}

function assign(nodes: readonly BuildNode[], platforms: readonly string[]): Map<BuildNode, string[]> {
  const assigned = new Map<BuildNode, string[]>();
  for (const platform of platforms.map((text) => formatPlatform(parsePlatform(text)))) {
    const has = (node: BuildNode) => node.platforms.some((own) => formatPlatform(parsePlatform(own)) === platform);
    const node = nodes.find(has) ?? nodes.find((other) => other.platforms.length === 0);
    if (!node) throw new Error(`no node builds ${platform}`);
    assigned.set(node, [...(assigned.get(node) ?? []), platform]);
  }
  if (assigned.size === 0) throw new Error('no platform to build');
  return assigned;
}

async function joinResults(results: readonly Promise<SolveResult>[], options: NodesOptions): Promise<SolveResult> {
  const done = await Promise.all(results);
  const parts = done.map(({ exporterResponse }) => readDescriptor(exporterResponse['containerimage.descriptor'] ?? ''));
  const index = await joinImages(options.names, parts, { signal: options.signal, ...options.join });
  return {
    ref: done[0]!.ref,
    exporterResponse: {
      'containerimage.digest': index.digest,
      'containerimage.descriptor': Buffer.from(JSON.stringify(index)).toString('base64'),
      'image.name': options.names.join(','),
    },
  };
}

/** The digest that a daemon has pushed. @throws Error if the daemon does not report it */
function readDescriptor(encoded: string): IndexEntry {
  let entry: Partial<IndexEntry> | null = null;
  try {
    entry = JSON.parse(Buffer.from(encoded, 'base64').toString());
  } catch {
    // Said below.
  }
  const { mediaType, digest, size } = entry ?? {};
  if (typeof mediaType !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest ?? '') || !Number.isSafeInteger(size))
    throw new Error(
      `a daemon did not say which image it has pushed: ${printableLine(encoded).slice(0, 200) || 'no descriptor'}`,
    );
  return entry as IndexEntry;
}

/** The progress of several builds as one: the same step of two nodes is two steps. */
async function* mergeStatus(builds: readonly { readonly build: Build; readonly label: string }[]) {
  const waiting = new Map(
    builds.map(({ build, label }, i) => {
      const iterator = build.status[Symbol.asyncIterator]();
      const next = () => iterator.next().then((step) => ({ i, step }));
      return [i, { label, next, pending: next() }] as [
        number,
        { label: string; next: typeof next; pending: ReturnType<typeof next> },
      ];
    }),
  );
  while (waiting.size > 0) {
    const { i, step } = await Promise.race([...waiting.values()].map(({ pending }) => pending));
    const source = waiting.get(i)!;
    if (step.done) waiting.delete(i);
    else {
      yield labelled(step.value, source.label);
      source.pending = source.next();
    }
  }
}

function labelled(update: StatusUpdate, label: string): StatusUpdate {
  if (label === '') return update;
  const labelledDigest = (digest: string) => `${label} ${digest}`;
  return {
    vertexes: update.vertexes.map((vertex) => ({
      ...vertex,
      digest: labelledDigest(vertex.digest),
      inputs: vertex.inputs.map(labelledDigest),
      name: `[${label}] ${vertex.name}`,
    })),
    statuses: update.statuses.map((status) => ({ ...status, vertex: labelledDigest(status.vertex) })),
    logs: update.logs.map((log) => ({ ...log, vertex: labelledDigest(log.vertex) })),
    warnings: update.warnings.map((warning) => ({ ...warning, vertex: labelledDigest(warning.vertex) })),
  };
}
