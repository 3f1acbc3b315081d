/** A marshalled graph: what BuildKit solves. */
import type { OpMetadata, Source } from '../gen/pb/ops_pb.ts';

export interface Definition {
  /** Marshalled ops in topological order; the last one is the terminal that names the result. */
  readonly def: readonly Uint8Array[];
  /** Metadata by op digest (`sha256:…`). */
  readonly metadata: ReadonlyMap<string, OpMetadata>;
  readonly source: Source | undefined;
}
