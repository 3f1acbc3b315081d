/**
 * What a build takes from the directories that are its contexts, and what its ignore files drop: what `tsfront context`
 * shows. `tsfront` has these exports, too.
 *
 * @example
 * import { compile, openBuildContext, registryResolver } from 'tsfront';
 * import { inspectContext } from 'tsfront/context';
 *
 * const opened = await openBuildContext({ context: '.', readStdin: async () => new Uint8Array() });
 * const compiled = await compile({ ...opened, images: [registryResolver()] });
 * const { contexts } = await inspectContext(compiled, opened);
 * for (const { name, sent } of contexts) console.log(name, sent.files, sent.bytes);
 *
 * @module
 */

export type { Amount } from './amounts.ts';
export type {
  ContextReport,
  ContextTake,
  InspectedContext,
  PathAnswer,
  RuleUse,
  TakenSource,
} from './context-report.ts';
export type { Fate } from './context-tree.ts';
export { type InspectOptions, inspectContext } from './inspect-context.ts';
export { formatIgnoreProposal, type IgnoreProposal, type ProposedPattern } from './propose-ignore.ts';
export type { SizeNode } from './size-tree.ts';
