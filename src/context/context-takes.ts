/** Finds what the instructions of a build take from its contexts. */
import {
  type LocalSource,
  localSource,
  type OpPlace,
  placesOf,
  type TakenPath,
  takenPaths,
} from '../daemonless/taken-paths.ts';
import type { Turns } from '../host/turns.ts';
import type { Definition } from '../llb/definition.ts';
import { hideSecretsOfAll } from '../llb/definition-secrets.ts';
import { hidingAddresses } from '../text/hide-secrets.ts';
import type { ContextTake } from './context-report.ts';
import type { ContextNode, ContextTree } from './context-tree.ts';
import { instructionText } from './instruction-text.ts';
import { type Selection, selectFiles } from './select-files.ts';

/** An instruction and what it takes. */
export interface Take extends Pick<ContextTake, 'line' | 'endLine' | 'text' | 'kind'> {
  readonly filename: string;
  /** By what makes them different; a graph for several platforms has an instruction several times. */
  readonly sources: Map<string, TakenPath>;
}

/** A local source of a build, and the instructions that take something from it. */
export interface UsedSource {
  readonly source: LocalSource;
  /** By place and kind. */
  readonly takes: Map<string, Take>;
}

/** Adds the local sources of a graph, and what its instructions take from them. @param sources by their settings */
export function collectTakes(definition: Definition, sources: Map<string, UsedSource>): void {
  const entries = definition.ops();
  const byDigest = new Map<string, UsedSource>();
  for (const entry of entries) {
    const source = localSource(entry);
    if (!source) continue;
    const key = JSON.stringify(source);
    const used = sources.get(key) ?? { source, takes: new Map<string, Take>() };
    sources.set(key, used);
    byDigest.set(entry.digest, used);
  }
  if (byDigest.size === 0) return;
  const hide = hidingAddresses(hideSecretsOfAll([definition], [], () => entries));
  for (const entry of entries)
    for (const taken of takenPaths(entry)) {
      const used = byDigest.get(entry.op.inputs[taken.input]?.digest ?? '');
      if (!used) continue;
      const places = placesOf(definition, entry.digest);
      for (const place of places.length > 0 ? places : [undefined])
        addTake(used, taken, place, () => (place ? instructionText(definition, place, taken.kind, hide) : ''));
    }
}

/** @param place undefined for an op without an instruction */
function addTake({ takes }: UsedSource, taken: TakenPath, place: OpPlace | undefined, textOf: () => string): void {
  const { kind, path, include, exclude } = taken;
  const { start: line = 0, end: endLine = 0 } = place?.lines ?? {};
  const filename = place?.filename ?? '';
  const key = JSON.stringify([filename, line, kind]);
  let take = takes.get(key);
  if (!take) {
    takes.set(key, (take = { line, endLine, text: textOf(), kind, filename, sources: new Map() }));
  }
  take.sources.set(JSON.stringify([path, include, exclude]), taken);
}

/** An instruction and the files that it takes of a context. */
export interface SelectedTake {
  readonly take: Take;
  readonly sources: readonly { readonly taken: TakenPath; readonly selection: Selection }[];
  /** The files of all sources. */
  readonly selection: Selection;
}

/** Finds the files that an instruction takes. */
export async function selectTake(
  take: Take,
  tree: ContextTree,
  isSent: (node: ContextNode) => boolean,
  turns: Turns,
): Promise<SelectedTake> {
  const sources: { taken: TakenPath; selection: Selection }[] = [];
  for (const taken of take.sources.values()) {
    if (turns.isDue()) await turns.pass();
    sources.push({ taken, selection: selectFiles(tree, taken, isSent) });
  }
  const selection = {
    parts: sources.flatMap((it) => it.selection.parts),
    links: sources.flatMap((it) => it.selection.links),
  };
  return { take, sources, selection };
}
