/** The daemons that a build runs on: addresses, or builders of buildx by their names with all their nodes. */
import path from 'node:path';
import { type Builder, type BuilderNode, findBuilder, isBuilderName } from '../../client/connect/buildx-builder.ts';
import { contextInUse } from '../../client/connect/docker-context.ts';
import { connectToNode } from '../../client/connect.ts';
import type { ConnectOptions } from '../../client/connection.ts';
import { type BuildNode, connect, listWorkers } from '../../client/index.ts';
import { formatPlatform, type Platform, parsePlatform } from '../../image/platform.ts';
import { platformDistance } from '../../image/platform-match.ts';
import type { Io } from '../io.ts';

/** The place of a daemon without a builder. */
export const defaultPlace = 'default/default';

/** A connected daemon. */
export interface OpenedNode extends BuildNode {
  /**
   * `BUILDER/NODE`, the first part of the names of builds. A Docker context is a builder with one node; daemons without
   * a builder belong to the context `default`.
   */
  readonly place: string;
  /** The builder of buildx that it belongs to. */
  readonly builder?: Pick<Builder, 'name' | 'driver'>;
  /** Whether builds without an output are loaded into the Docker engine (`default-load`). */
  readonly loads?: boolean;
}

/** What decides which daemons a build needs. */
export interface NodesWanted {
  readonly builders: readonly string[];
  /** Platforms of the build; [] for the daemon's own. */
  readonly platforms: readonly string[];
  readonly context: string;
}

/** Parses `[PLATFORM[,PLATFORM…]=]ADDRESS`; without builders, the default daemon. */
export function parseBuilders(builders: readonly string[]): { address: string | undefined; platforms: string[] }[] {
  if (builders.length === 0) return [{ address: undefined, platforms: [] }];
  return builders.map((builder) => {
    const [, platforms, address] = /^([a-z0-9/,._-]+)=(.+)$/s.exec(builder) ?? [];
    return platforms && address ? { address, platforms: platforms.split(',') } : { address: builder, platforms: [] };
  });
}

/**
 * Connects to the daemons that a build needs.
 * @param opened receives each daemon when it is connected, so that the caller can close them after an error
 */
export async function openNodes(
  wanted: NodesWanted,
  opened: OpenedNode[],
  options: ConnectOptions & Pick<Io, 'env'>,
): Promise<void> {
  const { env, signal } = options;
  for (const { address, platforms } of parseBuilders(wanted.builders)) {
    const name = address ?? (env['BUILDKIT_HOST'] || env['BUILDX_BUILDER']);
    if (name === undefined || !isBuilderName(name)) {
      const context = address === undefined ? contextInUse(env, options.onWarning) : undefined;
      opened.push({
        connection: await connect(address, options),
        platforms,
        ...(context === undefined
          ? { place: defaultPlace }
          : { place: `${context}/${context}`, builder: { name: context, driver: 'docker' } }),
      });
      continue;
    }
    const stickyKey = path.resolve(wanted.context);
    const builder = await findBuilder(name, { env, signal, stickyKey });
    const open = async (node: BuilderNode): Promise<OpenedNode> => {
      const connection = await connectToNode(builder, node, options);
      return { connection, platforms, place: `${builder.name}/${node.name}`, builder, loads: node.loads };
    };
    const own = platforms.length > 0 ? platforms : wanted.platforms;
    if (builder.nodes.length === 1 || own.length === 0) opened.push(await open(builder.nodes[0]));
    else await openSeveral(builder, own, open, opened);
  }
}

/**
 * Connects to the nodes of a builder that some platform needs, chosen as in buildx: the nodes to which the platforms
 * are assigned, or, if a platform is assigned to none, the nodes that run it best.
 */
async function openSeveral(
  { nodes }: Builder,
  wanted: readonly string[],
  open: (node: BuilderNode) => Promise<OpenedNode>,
  opened: OpenedNode[],
): Promise<void> {
  const platforms = [...new Set(wanted)].map(parsePlatform);
  const meant = platforms.map((platform) =>
    nodes.findIndex((node) => node.platforms.some((own) => platformDistance(own, platform) === 0)),
  );
  const isMeant = !meant.includes(-1);
  const first = opened.length;
  const candidates: { it: OpenedNode; index: number; runs: Platform[]; own: string[] }[] = [];
  for (const [index, node] of nodes.entries()) {
    if (isMeant && !meant.includes(index)) continue;
    const it = await open(node);
    opened.push(it);
    const workers = isMeant ? [] : await listWorkers(it.connection);
    const can = workers.flatMap((worker) => worker.platforms).map(parsePlatform);
    candidates.push({ it, index, runs: [...node.platforms, ...can], own: [] });
  }
  for (const [at, platform] of platforms.entries()) {
    const chosen = isMeant ? candidates.find(({ index }) => index === meant[at]) : nearest(candidates, platform);
    (chosen ?? candidates[0]!).own.push(formatPlatform(platform));
  }
  opened.length = first;
  for (const { it, own } of candidates) {
    if (own.length > 0) opened.push({ ...it, platforms: own });
    else it.connection.close();
  }
}

/** The first candidate that runs a platform best. */
function nearest<C extends { readonly runs: readonly Platform[] }>(
  candidates: readonly C[],
  wanted: Platform,
): C | undefined {
  let best: C | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates)
    for (const runs of candidate.runs) {
      const distance = platformDistance(runs, wanted);
      if (distance < 0 || distance >= least) continue;
      best = candidate;
      least = distance;
    }
  return best;
}
