/** Renames a stage with all that names it. */
import type { Diagnostic, Edit } from '../../diagnostic/diagnostic.ts';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { toLower } from '../../go/unicode.ts';
import type { Dockerfile, Stage, StageInstruction } from '../../parser/ast.ts';
import { flagValue, type Solution, textOf } from './edits.ts';

/** Writes the name of a stage in lower case, where it is given and where it is used. */
export function lowerStageName(dockerfile: Dockerfile, { lines }: Diagnostic): Solution | undefined {
  const index = dockerfile.stages.findIndex(({ from }) => from.lines.start === lines[0]?.start);
  const stage = dockerfile.stages[index];
  if (!stage?.from.as) return undefined;
  const { name } = stage;
  if (name === 'scratch' || name === 'context') return undefined; // other stages would mean something else by it
  const places = [stage.from.as.name.range, ...referencesTo(dockerfile, name, index)];
  const edits: Edit[] = places
    .filter((range) => textOf(dockerfile, range) !== name)
    .map((range) => ({ range, text: name }));
  return { title: `Write ${name}, also where it is used`, edits, safety: 'safe' };
}

/**
 * The places that name a stage, whatever their casing.
 * @param name in lower case
 */
function referencesTo(dockerfile: Dockerfile, name: string, index: number): SourceRange[] {
  const { stages } = dockerfile;
  const isName = (range: SourceRange) => toLower(textOf(dockerfile, range)) === name;
  const bases = stages.slice(index + 1).map(({ from }) => from.image.range);
  const used = stages.flatMap(({ instructions }: Stage) => instructions.flatMap((it) => fromsOf(dockerfile, it)));
  return [...bases, ...used].filter(isName);
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
