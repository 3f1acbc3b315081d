/**
 * What can be lowered of a Dockerfile that has errors, so that the problems that lowering finds are reported as well.
 */
import type { ErrorCode } from '../diagnostic/codes.ts';
import { toLower } from '../go/unicode.ts';
import type { Dockerfile, Stage } from '../parser/ast.ts';
import { lookUpKeyword } from '../parser/keywords.ts';
import { editDistance } from '../text/suggest.ts';
import { affectsLaterInstructions } from './dispatch/stage.ts';

/** Errors in the structure of one instruction; others mean that the file was divided into the wrong instructions. */
const insideInstruction: ReadonlySet<string> = new Set<ErrorCode>([
  'missing-value',
  'missing-equals',
  'bad-array-element',
]);

/** A file with more invalid instructions is not a Dockerfile. */
const maxInvalid = 1000;

/**
 * The Dockerfile without the instructions that have errors, and without those about which lowering could report false
 * problems: what follows an invalid instruction that later ones depend on, and the stages that may derive from it.
 *
 * @returns undefined if the stages themselves are in doubt, since an error may hide one
 */
export function parsedPart(dockerfile: Dockerfile): Dockerfile | undefined {
  const { diagnostics, instructions, stages } = dockerfile;
  if (diagnostics.some(({ code, phase }) => phase === 'structure' && !insideInstruction.has(code))) return undefined;
  const invalid = instructions.filter(({ kind }) => kind === 'invalid');
  if (invalid.length > maxInvalid) return undefined;
  // For each stage, the place of its first invalid instruction that later ones depend on.
  const ends = new Map<Stage, number>();
  let index = -1;
  for (const { keyword, range } of invalid) {
    while (index + 1 < stages.length && stages[index + 1]!.from.range.start < range.start) index++;
    const name = meantName(keyword);
    const stage = stages[index];
    if (name === 'from' || (name === 'arg' && !stage)) return undefined;
    if (stage && !ends.has(stage) && isNeededLater(name)) ends.set(stage, range.start);
  }
  return { ...dockerfile, diagnostics: [], stages: stages.length > 0 ? cutStages(stages, ends) : stages };
}

/** Ends each broken stage early. A stage that may derive from one keeps no instruction. */
function cutStages(stages: readonly Stage[], ends: ReadonlyMap<Stage, number>): Stage[] {
  const broken = new Set<string>();
  return stages.map((stage) => {
    const base = stage.from.image.text;
    const derivesFromBroken = broken.has(base) || (broken.size > 0 && /[$"'\\`]/.test(base));
    const end = derivesFromBroken ? 0 : ends.get(stage);
    if (end === undefined) return stage;
    if (stage.name !== '') broken.add(stage.name);
    return { ...stage, instructions: stage.instructions.filter(({ range }) => range.start < end) };
  });
}

const isNeededLater = (name: string) => name === 'onbuild' || affectsLaterInstructions.has(name);

/** A longer word is no misspelled keyword. */
const maxMisspelled = 20;

/** The instruction that a keyword names, perhaps with a typing error; '' if it resembles none that matters here. */
function meantName(keyword: string): string {
  const { name } = lookUpKeyword(keyword);
  if (name !== '') return name;
  if (keyword.length > maxMisspelled) return '';
  const word = toLower(keyword);
  const letters = [...word].sort().join('');
  return (
    ['from', 'onbuild', ...affectsLaterInstructions].find(
      (it) => letters === [...it].sort().join('') || editDistance(word, it, 2) < 2,
    ) ?? ''
  );
}
