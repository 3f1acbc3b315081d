/** Renames a stage with all that names it. */
import type { Diagnostic, Edit } from '../../diagnostic/diagnostic.ts';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { toLower } from '../../go/unicode.ts';
import type { Dockerfile, Stage, StageInstruction } from '../../parser/ast.ts';
import { flagValue, type Solution, textOf } from './edits.ts';

/** What names stages. */
interface StageNames {
  /** By the line of the FROM. */
  readonly stages: ReadonlyMap<number, Stage>;
  /** The places that name a stage, whatever their casing, by the name in lower case; in no order. */
  readonly places: ReadonlyMap<string, readonly SourceRange[]>;
}

/** A file has many findings, and one list of names. */
const known = new WeakMap<Dockerfile, StageNames>();

/** Writes the name of a stage in lower case, where it is given and where it is used. */
export function lowerStageName(dockerfile: Dockerfile, { lines }: Diagnostic): Solution | undefined {
  const { stages, places } = stageNames(dockerfile);
  const stage = stages.get(lines[0]?.start ?? 0);
  if (!stage?.from.as) return undefined;
  const { name } = stage;
  if (name === 'scratch' || name === 'context') return undefined; // other stages would mean something else by it
  const edits: Edit[] = [stage.from.as.name.range, ...(places.get(name) ?? [])]
    .filter((range) => textOf(dockerfile, range) !== name)
    .map((range) => ({ range, text: name }));
  return { title: `Write ${name}, also where it is used`, edits, safety: 'safe' };
}

function stageNames(dockerfile: Dockerfile): StageNames {
  const before = known.get(dockerfile);
  if (before) return before;
  const stages = new Map(dockerfile.stages.map((stage) => [stage.from.lines.start, stage]));
  const places = new Map<string, SourceRange[]>();
  const defined = new Set<string>();
  const add = (range: SourceRange) => {
    const name = toLower(textOf(dockerfile, range));
    const ranges = places.get(name);
    if (ranges) ranges.push(range);
    else places.set(name, [range]);
  };
  for (const { name, from, instructions } of dockerfile.stages) {
    if (defined.has(toLower(from.image.text))) add(from.image.range); // before the stage it is an image
    if (name !== '') defined.add(name);
    for (const range of instructions.flatMap((it) => fromsOf(dockerfile, it))) add(range);
  }
  const names = { stages, places };
  known.set(dockerfile, names);
  return names;
}

function fromsOf(dockerfile: Dockerfile, instruction: StageInstruction): SourceRange[] {
  if (instruction.kind === 'copy')
    return instruction.flags.flatMap((flag) => (flag.name === 'from' && flagValue(dockerfile, flag)) || []);
  if (instruction.kind !== 'run') return [];
  return instruction.mounts.flatMap(({ range }) => {
    const found = /(?:^|[,=])from=([^,\s]+)(?=,|$)/.exec(textOf(dockerfile, range));
    if (!found) return [];
    const end = range.start + found.index + found[0].length;
    return [{ start: end - found[1]!.length, end }];
  });
}
