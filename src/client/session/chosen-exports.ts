/** Session service by which outputs are chosen once the result of a build is known. */
import { Exporter } from '../../gen/moby/exporter/v1/exporter_pb.ts';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import { routes } from '../../rpc/server.ts';
import { refuseClashes } from '../../system/output-clashes.ts';
import type { Connection } from '../connection.ts';
import type { Attributes, Export } from '../exporter-table.ts';
import { outputPaths, type PreparedExports, prepareExports } from '../exporters.ts';
import type { ContentStore } from './content.ts';
import type { ExportTarget } from './file-send.ts';
import type { NameContent } from './layout-index.ts';
import type { Attachable } from './session.ts';

/**
 * Chooses outputs; `metadata` is what the frontend says of its result, such as `refs.platforms`. What it throws ends
 * the build.
 */
export type ChooseExports = (
  metadata: ReadonlyMap<string, Uint8Array>,
) => readonly Export[] | Promise<readonly Export[]>;

/** The service that tells the daemon the outputs which were chosen when the result was known. */
export interface ChosenExports extends Attachable {
  /** As for exports. @throws RpcError if the daemon has not asked */
  finish(response: Attributes, name: NameContent): Promise<void>;
}

/**
 * Makes the service that asks `choose` for the outputs.
 * @param first the position of the first chosen exporter; where its output goes is added to `targets` and `stores`
 */
export function createChosenExports(
  choose: ChooseExports,
  kind: Connection['kind'],
  first: number,
  targets: Map<number, ExportTarget>,
  stores: Map<string, ContentStore>,
): ChosenExports {
  let chosen: PreparedExports | undefined;
  return {
    routes: routes(Exporter, {
      async findExporters({ metadata }) {
        chosen = await prepareExports(await choose(new Map(Object.entries(metadata))), kind, first);
        for (const [position, target] of chosen.targets) targets.set(position, target);
        for (const [id, store] of chosen.stores) {
          if (stores.has(id)) throw new Error('only one layout can be exported by a build');
          stores.set(id, store);
        }
        refuseClashes(outputPaths(targets, stores));
        return { exporters: [...chosen.exporters] };
      },
      finalizeExport: async () => ({}),
    }),
    async finish(response, name) {
      if (!chosen)
        throw new RpcError(
          Code.unimplemented,
          'this daemon does not ask which outputs to make of a result: BuildKit 0.22 and newer do',
        );
      await chosen.finish(response, name);
    },
  };
}
