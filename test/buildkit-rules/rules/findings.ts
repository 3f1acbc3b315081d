/** What the lint rules find in a Dockerfile, as build warnings show it. */
import { noCheckConfig, parseCheckConfig } from '../../../src/buildkit-rules/check-options.ts';
import { createLinter, formatFinding, type Linter } from '../../../src/buildkit-rules/linter.ts';
import { checkSyntax } from '../../../src/buildkit-rules/syntax.ts';
import { parseDockerfile } from '../../../src/parser/index.ts';

/**
 * The findings of the rules over the tree; those of rules that need values come with lowering.
 *
 * @param config as `# check=` has it
 */
export function findings(text: string, config = ''): string[] {
  const found: string[] = [];
  void checkSyntax(
    parseDockerfile(text),
    createLinter(parseCheckConfig(config), (finding) => found.push(formatFinding(finding))),
    () => undefined, // so it is done at once
  );
  return found;
}

/** What a rule reports when it is called alone. */
export function reported(check: (linter: Linter) => void): string[] {
  const found: string[] = [];
  check(createLinter(noCheckConfig, (finding) => found.push(formatFinding(finding))));
  return found;
}

/** Lines of an instruction. */
export const lines = { start: 1, end: 1 };

/** A word as the shell lexer expands it, with the variables that were set and those that were not. */
export const expansion = (result: string, matched: string[] = [], unmatched: string[] = []) => ({
  result,
  matched: new Set(matched),
  unmatched: new Set(unmatched),
});
