/** Fixes are applied unless they make errors: each on its own, whatever errors others bring to light. */
import { expect, test } from 'vitest';
import { type Frontend, ownFrontend } from '../../src/daemonless/compile.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { fixDockerfile } from '../../src/daemonless/fix-dockerfile.ts';
import { warningDiagnostic } from '../../src/diagnostic/diagnostic.ts';

function optionsFor(text: string) {
  const files = memoryTree({ Dockerfile: text });
  const locals = new Map([
    ['context', files],
    ['dockerfile', files],
  ]);
  return { opts: {}, locals, images: [] };
}

/** The frontend, with a rule whose fix removes the value of an ENV although an error follows from that. */
const withBadRule: Frontend = async (bridge) => {
  const result = await ownFrontend(bridge);
  const { linted } = result;
  if (!linted) return result;
  const text = new TextDecoder().decode(linted.source.data);
  const bad = [...text.matchAll(/=bad/g)].map(({ index }) => {
    const range = { start: index, end: index + 4 };
    const fix = { title: 'Write nothing', edits: [{ range, text: '' }], safety: 'safe' } as const;
    return warningDiagnostic('LegacyKeyValueFormat', 'bad', { range, lines: [], fix });
  });
  return { ...result, linted: { ...linted, findings: [...linted.findings, ...bad] } };
};

test('a fix that makes an error is left out and told; the others are applied', async () => {
  const text = 'FROM scratch as a\nENV A=bad\nEXPOSE 80/TCP\nENV B=bad\nEXPOSE 81/TCP\nFROM scratch as b\n';
  const { text: after, fixed, checked } = await fixDockerfile(optionsFor(text), {}, withBadRule);
  expect(after).toBe('FROM scratch AS a\nENV A=bad\nEXPOSE 80/tcp\nENV B=bad\nEXPOSE 81/tcp\nFROM scratch AS b\n');
  expect(fixed.map(({ code }) => code).sort()).toEqual([
    'ExposeProtoCasing',
    'ExposeProtoCasing',
    'FromAsCasing',
    'FromAsCasing',
  ]);
  expect(checked.problems).toHaveLength(2);
  for (const { fix, hint } of checked.problems) {
    expect(fix).toBeUndefined();
    expect(hint).toMatch(/^The fix \(Write nothing\) was not applied: it makes another error\./);
  }
});

test('a fix that brings errors to light is applied', async () => {
  const text = 'FROM alpine:3 AS a\nWORKDRI /a\nFROM debian:13\nCOPPY nothing /\nEXPOSE 80/TCP\n';
  const { text: after, checked } = await fixDockerfile(optionsFor(text));
  expect(after).toBe('FROM alpine:3 AS a\nWORKDIR /a\nFROM debian:13\nCOPY nothing /\nEXPOSE 80/tcp\n');
  expect(checked.problems.map(({ code }) => code)).toContain('unresolved-image');
});
