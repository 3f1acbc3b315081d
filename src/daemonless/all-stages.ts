/** The graph of all stages of a Dockerfile, those too that the target does not need. */
import { decodeText } from '../go/text.ts';
import { Definition } from '../llb/definition.ts';
import { merge } from '../llb/merge.ts';
import type { LoweredStage } from '../lower/lower.ts';
import { wrapError } from '../text/error-message.ts';
import { type Compiled, ownFrontend } from './compile.ts';
import { createDaemonlessBridge, type DaemonlessOptions } from './daemonless-bridge.ts';

/** Marshals all stages as one graph. */
export function marshalStages(stages: readonly LoweredStage[]): Definition | Error {
  try {
    return merge(stages.map(({ state }) => state)).marshal();
  } catch (error) {
    return wrapError(error, 'failed to marshal LLB definition');
  }
}

/** Compiles all stages, for the first platform of the build; undefined if one of them has an error. */
export async function graphOfAllStages(options: DaemonlessOptions): Promise<Definition | undefined> {
  const { target, ...opts } = options.opts;
  const bridge = createDaemonlessBridge({ ...options, opts: { ...opts, requestid: 'frontend.lint' } });
  const { linted } = await ownFrontend(bridge);
  const graph = linted?.lowered && marshalStages(linted.lowered.stages);
  return graph instanceof Definition ? graph : undefined;
}

/**
 * Whether the Dockerfile may have stages that a compilation of it does not need; quick, and true if that is not known.
 */
export function mayHaveOtherStages({ definitions }: Pick<Compiled, 'definitions'>): boolean {
  const [info] = [...definitions.values()][0]?.source?.infos ?? [];
  if (info?.language !== 'Dockerfile') return true;
  return (decodeText(info.data).match(/^\s*from\s/gim) ?? []).length > 1;
}
