/** Marshalling a large graph, and looking through a large file, let others have their turn. */
import { expect, test } from 'vitest';
import { parseCheckConfig } from '../../src/buildkit-rules/check-options.ts';
import { createLinter } from '../../src/buildkit-rules/linter.ts';
import { checkSyntax } from '../../src/buildkit-rules/syntax.ts';
import { image } from '../../src/llb/index.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

const steps = 1000;

test('marshalling: between all ops, and the graph is the same', async () => {
  let state = image('alpine');
  for (let i = 0; i < steps; i++) state = state.run({ args: [`${i}`] }).root;
  let passed = 0;
  const turns = { isDue: () => true, pass: async () => void passed++ };
  const definition = await state.marshalInTurns(turns);
  expect(passed).toBeGreaterThanOrEqual(steps);
  expect(definition.encode()).toEqual(state.marshal().encode());
});

test('marshalling ends with the error of a turn', async () => {
  const turns = { isDue: () => true, pass: () => Promise.reject(new Error('nobody wants it any more')) };
  await expect(image('alpine').marshalInTurns(turns)).rejects.toThrow('nobody wants it any more');
});

test('the rules over the tree give other work a turn between all instructions', async () => {
  let passed = 0;
  const dockerfile = parseDockerfile(`FROM a\n${'MAINTAINER x\n'.repeat(steps)}`);
  const found: unknown[] = [];
  const linter = createLinter(parseCheckConfig(''), (finding) => found.push(finding));
  await checkSyntax(dockerfile, linter, async () => void passed++);
  expect(passed).toBe(steps + 1);
  expect(found).toHaveLength(steps);
});
