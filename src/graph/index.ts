/**
 * The graph of a build for people: its stages, steps and ops, the lines that they were made of, and what a recorded
 * build did for each. It is plain data, which the functions here draw.
 *
 * @example
 * import { writeFile } from 'node:fs/promises';
 * import { compile, dirTree, registryResolver } from 'tsfront';
 * import { buildGraph, formatMermaid } from 'tsfront/graph';
 *
 * const context = dirTree('.');
 * const locals = new Map([['context', context], ['dockerfile', context]]);
 * const graph = buildGraph(await compile({ opts: {}, locals, images: [registryResolver()] }));
 * await writeFile('build.mmd', formatMermaid(graph));
 *
 * `formatDot` of `tsfront/llb` draws a definition for Graphviz, op by op.
 *
 * @module
 */

export { buildGraph, type GraphOptions, type GraphSource } from './build-graph.ts';
export type {
  BuildGraph,
  GraphFile,
  GraphInput,
  GraphLines,
  GraphOp,
  GraphStage,
  GraphStep,
  OpExplanation,
  OpRecord,
  PlatformGraph,
  RecordSummary,
} from './graph-model.ts';
export { formatMermaid } from './mermaid.ts';
export { formatPage } from './page.ts';
export { type ProgressRecord, type RecordedVertex, readProgress } from './progress-record.ts';
export { formatSvg } from './svg.ts';
