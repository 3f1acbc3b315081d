import type { Fix } from '../../diagnostic/diagnostic.ts';
import { toLower, toUpper } from '../../go/unicode.ts';
import type { Instruction, Stage } from '../../parser/ast.ts';
import { lookUpKeyword } from '../../parser/keywords.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** A keyword is not in the casing that most keywords have. ARGs before the first FROM do not count. */
export const consistentInstructionCasing = defineRule({
  name: 'ConsistentInstructionCasing',
  description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
  message: (keyword: string, casing: string) =>
    `Command '${keyword}' should match the case of the command majority (${casing})`,
});

/**
 * Reports every keyword whose casing differs from that of the majority.
 *
 * @param ignored instructions that do not count
 */
export function checkConsistentInstructionCasing(
  linter: Linter,
  stages: readonly Stage[],
  ignored: ReadonlySet<Instruction>,
): void {
  const instructions = stages
    .flatMap((stage): Instruction[] => [stage.from, ...stage.instructions])
    // A misspelled keyword has an error, which says what to write.
    .filter((it) => !ignored.has(it) && lookUpKeyword(it.keyword).name !== '');
  let lower = 0;
  let upper = 0;
  for (const { keyword } of instructions) {
    if (keyword === toLower(keyword)) lower++;
    else if (keyword === toUpper(keyword)) upper++;
  }
  const isLower = lower > upper;
  for (const { keyword, lines, keywordRange: range } of instructions) {
    const text = isLower ? toLower(keyword) : toUpper(keyword);
    if (keyword === text) continue;
    const casing = isLower ? 'lowercase' : 'uppercase';
    const fix: Fix = { title: `Write ${text}`, edits: [{ range, text }], safety: 'safe' };
    linter.report(consistentInstructionCasing, { lines, range, fix }, keyword, casing);
  }
}
