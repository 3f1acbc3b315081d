import { expect, test } from 'vitest';
import { withOneGuess } from '../../src/diagnostic/shown-message.ts';
import { addFixes } from '../../src/lint/add-fixes.ts';
import { formatDiagnostic, parseDockerfile, wireMessage } from '../../src/parser/index.ts';

test('a frame has one guess where the hint has a better one, and BuildKit gets the text of the reference', () => {
  const { source, diagnostics } = parseDockerfile('FROM scratch\nCOPY --chwon=1 a /\n');
  const [problem] = diagnostics;
  expect(wireMessage(problem!)).toBe('dockerfile parse error on line 2: unknown flag: --chwon (did you mean chmod?)');
  const frame = formatDiagnostic(source, problem!);
  expect(frame).not.toContain('did you mean');
  expect(frame).toContain('hint: Write --chown.');
});

test('the guess of the reference stays where no hint corrects it', () => {
  const dockerfile = parseDockerfile('FROM scratch\nCOPY --form=b a /\n');
  const [problem] = addFixes(dockerfile, dockerfile.diagnostics);
  expect(withOneGuess(problem!.message, problem!)).toBe('unknown flag: --form (did you mean from?)');
});

test('a variable that an ARG names, and that is empty all the same, gets no other name', () => {
  const hint = '$V is empty here: the ARG at line 1 is before FROM.';
  const message = "Usage of undefined variable '$V' (did you mean $b?)";
  expect(withOneGuess(message, { code: 'UndefinedVar', hint })).toBe("Usage of undefined variable '$V'");
});
