/** What takes longer than a keystroke: all problems of a Dockerfile, its ops, and the images it is built on. */
import path from 'node:path';
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { LineRange } from '../diagnostic/source-file.ts';
import type { LintConfig } from '../lint/config.ts';
import { lintRules } from '../lint/rules.ts';
import type { Definition } from '../llb/definition.ts';
import { formatOp, type OpDescription } from '../llb/format-op.ts';
import { checkDockerfile } from '../offline/check.ts';
import type { OfflineOptions } from '../offline/offline-bridge.ts';
import { placesOf } from '../offline/taken-paths.ts';
import { withUnknownImages } from '../offline/unknown-images.ts';
import type { OpenDocument } from './documents.ts';
import { type KnownImage, openImages } from './known-images.ts';
import type { Settings } from './settings.ts';
import { findSurroundings, folderOf, type Surroundings } from './workspace.ts';

/** An op of an instruction. */
interface InstructionOp extends OpDescription {
  readonly digest: string;
  /** The name that a build shows. */
  readonly name: string;
}

/** The analysis of a version of a document. */
export interface Analysis {
  readonly document: OpenDocument;
  readonly surroundings: Surroundings;
  /** In the order of the file, syntax errors included. */
  readonly problems: readonly Diagnostic[];
  /** The graph of all stages; undefined if there is none. */
  readonly graph: Definition | undefined;
  /** The images that are known, by their names in the short form. */
  readonly images: ReadonlyMap<string, KnownImage>;
  /** The ops of the instruction on these lines. */
  opsOf(lines: LineRange): readonly InstructionOp[];
}

/** Analyses a version of a document. @throws the reason of the signal */
export async function analyse(
  document: OpenDocument,
  settings: Settings,
  folders: readonly string[],
  open: Iterable<OpenDocument>,
  signal: AbortSignal,
): Promise<Analysis> {
  const surroundings = await findSurroundings(document, settings, folders, open);
  const { context, dockerfileDir, filename } = surroundings;
  const own = document.path === undefined ? '' : path.dirname(document.path);
  const folder = folderOf(own, folders) ?? own;
  const images = await openImages(settings, folder, dockerfileDir, filename, signal);
  const options: OfflineOptions = {
    opts: frontendOptions(settings, filename),
    locals: new Map([
      ['context', context],
      ['dockerfile', dockerfileDir],
    ]),
    images: images.resolvers,
    signal,
  };
  signal.throwIfAborted();
  const unknown = new Set<string>();
  const lint = settings.lint ? undefined : withoutOwnRules;
  const checked = await checkDockerfile({ ...withUnknownImages(options, unknown), lint }, unknown);
  signal.throwIfAborted();
  const { graph } = checked;
  let byLine: ReadonlyMap<number, readonly InstructionOp[]> | undefined;
  return {
    document,
    surroundings,
    problems: checked.problems,
    graph,
    images: images.found,
    opsOf: ({ start }) => (byLine ??= graph ? opsByLine(graph) : new Map()).get(start) ?? [],
  };
}

const withoutOwnRules: LintConfig = { rules: new Map(lintRules.map(({ name }) => [name, 'off'])) };

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
function opsByLine(graph: Definition): ReadonlyMap<number, readonly InstructionOp[]> {
  const byLine = new Map<number, InstructionOp[]>();
  for (const { digest, op, metadata } of graph.ops())
    for (const { lines } of placesOf(graph, digest)) {
      const name = metadata?.description['llb.customname'] ?? '';
      const ops = byLine.get(lines.start) ?? [];
      if (!ops.some((it) => it.digest === digest)) ops.push({ ...formatOp(op), digest, name });
      byLine.set(lines.start, ops);
    }
  return byLine;
}
