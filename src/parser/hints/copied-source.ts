/** Explains why a path that an instruction copies or mounts from a stage or image may be missing. */
import { isPattern } from '../../go/match.ts';
import { base, clean, isAbs, join } from '../../go/path.ts';
import { toLower } from '../../go/unicode.ts';
import type { AddInstruction, CopyInstruction, Dockerfile, Stage, StageInstruction, Word } from '../ast.ts';
import { parseMount } from '../mount-flag.ts';
import { closestPath } from './explain-missing-source.ts';

/** A source as an instruction names it. */
export interface CopiedSource {
  /** The path as written, with its variables; may have wildcards. */
  readonly text: string;
  /** The value of `--from` or of a mount's `from`; '' for the build context. */
  readonly from: string;
}

/** The sources that the instructions on the given lines copy or mount. */
export function copiedSources(
  { stages }: Dockerfile,
  lines: readonly { readonly start: number; readonly end: number }[],
): CopiedSource[] {
  const isMeant = ({ lines: { start, end } }: StageInstruction) =>
    lines.some((range) => range.start <= end && range.end >= start);
  return stages.flatMap(({ instructions }) => instructions.filter(isMeant).flatMap(sourcesOf));
}

function sourcesOf(instruction: StageInstruction): CopiedSource[] {
  const { kind } = instruction;
  if (kind === 'copy' || kind === 'add') {
    const from = kind === 'copy' ? instruction.from : '';
    return instruction.sources.map(({ text }) => ({ text: unquoted(text), from }));
  }
  if (kind !== 'run') return [];
  return instruction.mounts.flatMap((mount) => {
    try {
      const { source, from } = parseMount(mount, (word) => word);
      return source === '' ? [] : [{ text: source, from }];
    } catch {
      return []; // the frontend reports it
    }
  });
}

/**
 * Explains why a path is not found in a stage or an image.
 *
 * @param path the path in the daemon's message, from the root: `/dist`
 * @param source the source as written; its `from` is not ''
 * @param inContext whether the build context has that path
 * @param sent names in the build context that no ignore rule drops, without a slash in front: what COPY takes of a
 *   directory; as many as are known
 * @returns a sentence; undefined if nothing is known that would help
 */
export function explainMissingInStage(
  dockerfile: Dockerfile,
  path: string,
  { text, from }: CopiedSource,
  inContext: boolean,
  sent: readonly string[] = [],
): string | undefined {
  const stage = stageNamedByFrom(dockerfile, from);
  const place = stage ? `stage ${stage.name || from}` : `image ${from}`;
  const content = stage ? stageContent(dockerfile, stage, sent) : { names: [], workdir: undefined, runs: false };
  const { names, workdir } = content;
  const name = clean(path).slice(1);
  const isRelative = !isAbs(text);
  const atRoot = `A source of --from starts at the root of the ${place}`;
  const inWorkdir = isRelative && workdir !== undefined && workdir !== '/' ? join(workdir, name) : undefined;
  const notThere = `${atRoot}, not at its WORKDIR ${workdir}: did you mean ${inWorkdir}?`;
  if (inWorkdir !== undefined && names.includes(inWorkdir.slice(1))) return notThere;
  const closest = closestPath(name, names);
  // A command may have removed what was copied.
  const has = (it: string) =>
    `${content.runs ? `COPY puts /${it} into the ${place}` : `The ${place} has /${it}`}: did you mean that?`;
  if (closest !== undefined) return has(closest);
  const same = names.find((it) => base(it) === base(name) && it !== name);
  if (same !== undefined) return has(same);
  if (inContext) return `${name} is in the build context, but --from looks for it in the ${place}.`;
  if (inWorkdir !== undefined) return notThere;
  if (isRelative) return `${atRoot}, whatever its working directory is.`;
  return undefined;
}

/**
 * The stage that `--from` means, as the reference finds it: by its number, or its name in any case; the last stage
 * wins.
 */
function stageNamedByFrom({ stages }: Dockerfile, from: string): Stage | undefined {
  if (/^\d+$/.test(from)) return stages[Number(from)];
  return stages.findLast(({ name }) => name !== '' && name === toLower(from));
}

interface StageContent {
  /** Files and directories, without a slash in front; not those that commands make. */
  readonly names: readonly string[];
  /** undefined if it is not known. */
  readonly workdir: string | undefined;
  /** Whether a command runs in it. */
  readonly runs: boolean;
}

/** What the instructions of a stage and its bases say about its files. */
function stageContent({ stages }: Dockerfile, stage: Stage, sent: readonly string[]): StageContent {
  const chain = [stage];
  for (let at: Stage | undefined = stage; at; ) {
    const image: Word = at.from.image;
    at = stages.slice(0, stages.indexOf(at)).findLast(({ name }) => name !== '' && name === image.text);
    if (at) chain.unshift(at);
  }
  const names = new Set<string>();
  // The working directory of an image is not known.
  let workdir = chain[0]!.from.image.text === 'scratch' ? '/' : undefined;
  let runs = false;
  for (const instruction of chain.flatMap(({ instructions }) => instructions)) {
    if (instruction.kind === 'run') runs = true;
    if (instruction.kind === 'workdir') workdir = resolve(workdir, unquoted(instruction.path));
    if (instruction.kind !== 'copy' && instruction.kind !== 'add') continue;
    const dest = unquoted(instruction.dest.text);
    const dir = resolve(workdir, dest);
    if (dir === undefined) continue;
    const sources = [
      ...instruction.sources.map(({ text }) => unquoted(text)),
      ...instruction.contents.map((it) => it.path),
    ];
    const isDir = sources.length > 1 || /(^|\/)\.?$/.test(dest);
    for (const source of sources) {
      const below = isFromContext(instruction) ? namesBelow(source, sent) : [];
      if (below.length > 0) {
        for (const name of below) names.add(join(dir, name).slice(1));
        if (dir !== '/') names.add(dir.slice(1));
        continue;
      }
      const file = isDir ? join(dir, base(source)) : dir;
      if (!isPattern(source) && !isExpanded(source) && file !== '/') names.add(file.slice(1));
    }
  }
  return { names: [...names], workdir, runs };
}

/** Whether all that an instruction takes is from the build context, in the places that it has there. */
const isFromContext = (instruction: CopyInstruction | AddInstruction): boolean =>
  (instruction.kind === 'add' || (instruction.from === '' && !instruction.parents)) && instruction.exclude.length === 0;

/** What is in a directory of the context, from there; [] for a file, and for what is not known. */
function namesBelow(source: string, sent: readonly string[]): string[] {
  if (isPattern(source) || isExpanded(source)) return [];
  const start = clean(`/${source}`).slice(1);
  const prefix = start === '' ? '' : `${start}/`;
  return sent.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** The absolute path; undefined if the working directory is not known. */
function resolve(workdir: string | undefined, path: string): string | undefined {
  if (isExpanded(path)) return undefined;
  if (isAbs(path)) return clean(path);
  return workdir === undefined ? undefined : clean(join(workdir, path));
}

const isExpanded = (text: string) => text.includes('$');

const unquoted = (text: string) => text.replaceAll(/["']/g, '');
