/**
 * What takes longer than a keystroke: all problems of a Dockerfile, its ops, what it takes of the context, and the
 * images it is built on. It runs in the thread of `analysis-worker.ts`.
 */
import path from 'node:path';
import type { ContextTake } from '../context/context-report.ts';
import { inspectContext } from '../context/inspect-context.ts';
import { checkDockerfile } from '../daemonless/check.ts';
import { compile, ownFrontend } from '../daemonless/compile.ts';
import type { DaemonlessOptions } from '../daemonless/daemonless-bridge.ts';
import { placesOf } from '../daemonless/taken-paths.ts';
import { type UnavailableAdvice, withUnavailableHints } from '../daemonless/unavailable-hint.ts';
import { withUnknownImages } from '../daemonless/unknown-images.ts';
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { Definition } from '../llb/definition.ts';
import { formatOp, type OpDescription } from '../llb/format-op.ts';
import { openDocument } from './documents.ts';
import { type KnownImage, openImages } from './known-images.ts';
import { type LintChoice, lintChoice } from './lint-settings.ts';
import type { Settings } from './settings.ts';
import { findSurroundings, folderOf, type OpenText, type Surroundings } from './workspace.ts';

/** What is analysed. */
export interface AnalysisRequest {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
  readonly settings: Settings;
  /** The workspace directories. */
  readonly folders: readonly string[];
  /** The open documents, whose text counts instead of that on disk. */
  readonly open: readonly OpenText[];
}

/** The analysis of a version of a document. It is plain data. */
export interface AnalysisResult {
  /** In the order of the file, syntax errors included. */
  readonly problems: readonly Diagnostic[];
  /** The images that are known, by their names in the short form. */
  readonly images: ReadonlyMap<string, KnownImage>;
  /** The configuration file of the lint rules. */
  readonly configuration: LintChoice['file'];
}

/** An op of an instruction. */
export interface InstructionOp extends OpDescription {
  /** '' in a file with errors, as it may depend on one. */
  readonly digest: string;
}

/** The graph of a version of a document, which questions are asked about later. */
export interface AnalysedGraph {
  /** The ops by the first lines of their instructions. */
  readonly ops: () => ReadonlyMap<number, readonly InstructionOp[]>;
  /** What COPY and ADD take of the context, by the first lines of the instructions. */
  readonly amounts: () => Promise<ReadonlyMap<number, Amount>>;
}

/** A document with its surroundings, and what a compilation of it needs. */
async function open({ uri, version, text, settings, folders, open }: AnalysisRequest, signal: AbortSignal) {
  const document = openDocument(uri, 'dockerfile', version, text);
  const surroundings = await findSurroundings(document, settings, folders, open);
  const { context, dockerfileDir, filename } = surroundings;
  const own = document.path === undefined ? '' : path.dirname(document.path);
  const images = await openImages(settings, folderOf(own, folders) ?? own, dockerfileDir, filename, signal);
  const options: DaemonlessOptions = {
    opts: frontendOptions(settings, filename),
    locals: new Map([
      ['context', context],
      ['dockerfile', dockerfileDir],
    ]),
    images: images.resolvers,
    signal,
  };
  return { document, surroundings, own, images, options: withUnknownImages(options) };
}

const inTable = (image: string) => `Name an image table that has ${image} in the setting tsfront.images.`;

/** What to do about what an editor does not fetch. */
const editorAdvice: UnavailableAdvice = {
  remote: 'A build fetches it; an editor does not.',
  unknown: inTable,
  unresolved: inTable,
};

/** Analyses a version of a document. @throws the reason of the signal */
export async function analyse(
  request: AnalysisRequest,
  signal: AbortSignal,
): Promise<{ readonly result: AnalysisResult; readonly graph: AnalysedGraph }> {
  const { document, surroundings, own, images, options } = await open(request, signal);
  const lint = await lintChoice(document.path, request.settings, signal);
  signal.throwIfAborted();
  const { problems, graph, partialGraph } = await checkDockerfile({ ...options, lint: lint.config }, async (bridge) =>
    withUnavailableHints(await ownFrontend(bridge), editorAdvice),
  );
  signal.throwIfAborted();
  const isShown = ({ file, severity }: Diagnostic) => !file && (!lint.isLeftOut || severity === 'error');
  return {
    result: { problems: problems.filter(isShown), images: images.found, configuration: lint.file },
    graph: {
      ops: once(() => (partialGraph ? opsByLine(partialGraph, graph !== undefined) : new Map())),
      amounts: once(async () => (partialGraph ? takenAmounts(partialGraph, surroundings, own) : new Map())),
    },
  };
}

/** The page of `tsfront graph`, for the target in the settings. @throws Error with what fails the build */
export async function graphPage(request: AnalysisRequest, signal: AbortSignal): Promise<string> {
  const { options } = await open(request, signal);
  const compiled = await compile(options);
  const { buildGraph, formatPage } = await import('../graph/index.ts');
  return formatPage(buildGraph(compiled));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function frontendOptions(settings: Settings, filename: string): Record<string, string> {
  const { target, platform, buildArgs, buildContexts } = settings;
  const opts: Record<string, string> = { filename };
  if (target !== '') opts['target'] = target;
  if (platform !== '') opts['platform'] = platform;
  for (const [name, value] of Object.entries(buildArgs)) opts[`build-arg:${name}`] = value;
  for (const [name, value] of Object.entries(buildContexts))
    if (/^(?:docker-image|target|input):/.test(value)) opts[`context:${name}`] = value;
  return opts;
}

/** The ops by the first line of their instructions. */
function opsByLine(graph: Definition, isWhole: boolean): ReadonlyMap<number, readonly InstructionOp[]> {
  const byLine = new Map<number, Map<string, InstructionOp>>();
  for (const { digest, op } of graph.ops())
    for (const { lines } of placesOf(graph, digest)) {
      const ops = byLine.get(lines.start) ?? new Map<string, InstructionOp>();
      ops.set(digest, { ...formatOp(op), digest: isWhole ? digest : '' });
      byLine.set(lines.start, ops);
    }
  return new Map([...byLine].map(([line, ops]) => [line, [...ops.values()]]));
}

/** Files and bytes. */
type Amount = Pick<ContextTake, 'files' | 'bytes'>;

/** Milliseconds after which a large context is given up. */
const maxMs = 10_000;

async function takenAmounts(
  graph: Definition,
  { contextDir, filename }: Surroundings,
  dockerfileDir: string,
): Promise<ReadonlyMap<number, Amount>> {
  const amounts = new Map<number, Amount>();
  if (contextDir === undefined) return amounts;
  const opened = {
    opts: { filename },
    dirs: new Map([
      ['context', contextDir],
      ['dockerfile', dockerfileDir],
    ]),
  };
  try {
    const compiled = { definitions: new Map([['', graph]]) };
    const { contexts } = await inspectContext(compiled, opened, { signal: AbortSignal.timeout(maxMs) });
    for (const { takes } of contexts)
      for (const { line, kind, files, bytes } of takes) if (kind === 'copy') amounts.set(line, { files, bytes });
  } catch {
    // The context is too large, or cannot be read: the check says so.
  }
  return amounts;
}
