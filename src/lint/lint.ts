/** Runs tsfront's own lint rules on a Dockerfile. */
import { type Diagnostic, warningDiagnostic } from '../diagnostic/diagnostic.ts';
import { rangeLines } from '../diagnostic/source-file.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { defaultConfig, type LintConfig, optionsOf } from './config.ts';
import { isIgnored } from './ignore-comments.ts';
import { createLintFile } from './lint-file.ts';
import { lintRules } from './rules.ts';

/**
 * The findings of the rules that the configuration has on, in the order of the file. A file with an error has none:
 * what its instructions mean is not certain.
 */
export async function lintDockerfile(
  dockerfile: Dockerfile,
  config: LintConfig = defaultConfig,
): Promise<readonly Diagnostic[]> {
  if (dockerfile.diagnostics.some(({ severity }) => severity === 'error')) return [];
  const { source } = dockerfile;
  const file = await createLintFile(dockerfile);
  const found: Diagnostic[] = [];
  for (const rule of lintRules) {
    const level = config.rules.get(rule.name) ?? rule.level;
    if (level === 'off') continue;
    const options = optionsOf(rule, config);
    for (const { instruction, message, range = instruction.range, lines, ...details } of rule.find(file, options)) {
      if (isIgnored(rule.name, instruction)) continue;
      const at = { range, lines: [lines ?? rangeLines(source, range)] };
      found.push({ ...warningDiagnostic(rule.name, message, { ...details, ...at }), severity: level });
    }
  }
  return found.sort((a, b) => a.range!.start - b.range!.start);
}
