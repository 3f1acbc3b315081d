/** The daemons that a build runs on: addresses, or builders of buildx by their names with all their nodes. */
import path from 'node:path';
import { type Builder, type BuilderNode, findBuilder, isBuilderName } from '../../client/connect/buildx-builder.ts';
import { connectToNode } from '../../client/connect.ts';
import { type BuildNode, type Connection, connect, listWorkers } from '../../client/index.ts';
import { formatPlatform, parsePlatform } from '../../image/platform.ts';
import type { Io } from '../io.ts';

/** The place of a daemon that no builder names. */
export const DEFAULT_PLACE = 'default/default';

/** A daemon that is connected to. */
export interface OpenedNode extends BuildNode {
  /** `BUILDER/NODE`, with which the names of builds begin; daemons without a builder are those of Docker's context `default`. */
  readonly place: string;
  /** The builder of buildx that it belongs to. */
  readonly builder?: Pick<Builder, 'name' | 'driver'>;
}

export interface NodesWanted {
  readonly builders: readonly string[];
  /** Platforms of the build; [] for that of the daemon. */
  readonly platforms: readonly string[];
  readonly context: string;
}

/** `[PLATFORM[,PLATFORM…]=]ADDRESS`; the default daemon if there is none. */
export function parseBuilders(builders: readonly string[]): { address: string | undefined; platforms: string[] }[] {
  if (builders.length === 0) return [{ address: undefined, platforms: [] }];
  return builders.map((builder) => {
    const [, platforms, address] = /^([a-z0-9/,._-]+)=(.+)$/s.exec(builder) ?? [];
    return platforms && address ? { address, platforms: platforms.split(',') } : { address: builder, platforms: [] };
  });
}

/**
 * Connects to the daemons that a build needs.
 * @param opened gets each as soon as it is connected to, so that the caller can close what there is after an error
 */
export async function openNodes(wanted: NodesWanted, opened: OpenedNode[], { env, signal }: Io): Promise<void> {
  for (const { address, platforms } of parseBuilders(wanted.builders)) {
    const name = address ?? (env['BUILDKIT_HOST'] || env['BUILDX_BUILDER']);
    if (name === undefined || !isBuilderName(name)) {
      opened.push({ connection: await connect(address, { signal, env }), platforms, place: DEFAULT_PLACE });
      continue;
    }
    const stickyKey = path.resolve(wanted.context);
    const builder = await findBuilder(name, { env, signal, stickyKey });
    const open = async (node: BuilderNode): Promise<OpenedNode> => {
      const connection = await connectToNode(name, node, { signal, env });
      return { connection, platforms, place: `${builder.name}/${node.name}`, builder };
    };
    const own = platforms.length > 0 ? platforms : wanted.platforms;
    if (builder.nodes.length === 1 || own.length === 0) opened.push(await open(builder.nodes[0]));
    else await openSeveral(builder, own, open, opened);
  }
}

/** Of the nodes of a builder those that some platform needs: the one that is meant for it, else one that can build it. */
async function openSeveral(
  { nodes }: Builder,
  platforms: readonly string[],
  open: (node: BuilderNode) => Promise<OpenedNode>,
  opened: OpenedNode[],
): Promise<void> {
  const first = opened.length;
  const candidates = [];
  for (const node of nodes) {
    const it = await open(node);
    opened.push(it);
    const workers = await listWorkers(it.connection);
    candidates.push({ node, ...it, can: workers.flatMap((worker) => worker.platforms) });
  }
  const assigned = new Map<Connection, string[]>();
  for (const platform of platforms.map((it) => formatPlatform(parsePlatform(it)))) {
    const { connection } =
      candidates.find(({ node }) => node.platforms.includes(platform)) ??
      candidates.find(({ can }) => can.includes(platform)) ??
      candidates[0]!;
    assigned.set(connection, [...(assigned.get(connection) ?? []), platform]);
  }
  opened.length = first;
  for (const { connection, place, builder } of candidates) {
    const own = assigned.get(connection);
    if (own) opened.push({ connection, place, platforms: own, ...(builder && { builder }) });
    else connection.close();
  }
}
