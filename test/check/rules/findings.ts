/** What the lint rules find in a Dockerfile, as build warnings show it. */
import { parseCheckConfig } from '../../../src/check/check-options.ts';
import { createLinter, formatFinding } from '../../../src/check/linter.ts';
import { checkSyntax } from '../../../src/check/syntax.ts';
import { parseDockerfile } from '../../../src/parser/index.ts';

/**
 * The findings of the rules over the tree; those of rules that need values come with lowering (test/golden).
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
