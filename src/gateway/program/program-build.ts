/** What running a program, answering it and lowering its graphs have in common. */
import type { GraphJson } from '../../build-program/protocol.ts';
import type { Lowered } from '../../lower/lower.ts';
import type { Bridge } from '../bridge.ts';
import type { LowerRequest } from '../build-file.ts';
import type { BuildContext } from '../main-context.ts';
import type { FrontendOptions } from '../options.ts';
import type { SourceDescription } from '../source-info.ts';

/** The build that a program is run for. */
export interface ProgramBuild {
  readonly bridge: Bridge;
  readonly options: FrontendOptions;
  readonly context: BuildContext;
  readonly source: SourceDescription;
  /** Lowers a graph that the program has made. */
  lowerGraph(graph: GraphJson, request: GraphRequest): Promise<Lowered>;
}

/** How a graph is lowered. */
interface GraphRequest extends LowerRequest {
  /** The stage; the graph's target if absent. */
  readonly target?: string;
  /** Gives the main context with at least these paths; by default, one with exactly these. */
  readonly mainContext?: BuildContext['main'];
}
