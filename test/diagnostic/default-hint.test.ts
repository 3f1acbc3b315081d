/** Each problem says what to do about it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../src/diagnostic/code-frame.ts';
import type { DiagnosticCode } from '../../src/diagnostic/codes.ts';
import { withDefaultHint } from '../../src/diagnostic/default-hint.ts';
import type { Diagnostic } from '../../src/diagnostic/diagnostic.ts';
import { addFixes } from '../../src/lint/add-fixes.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const codes = [...page.matchAll(/^\| \[?`([\w-]+)`/gm)].map(([, code]) => code as DiagnosticCode);
const dockerfile = parseDockerfile('FROM a\nRUN b\n');

const problemOf = (code: DiagnosticCode, message = 'something is wrong'): Diagnostic => ({
  code,
  message,
  phase: 'dispatch',
  severity: 'error',
  range: { start: 7, end: 12 },
  lines: [{ start: 2, end: 2 }],
});

test('the page of errors names more than 80 codes', () => {
  expect(codes.length).toBeGreaterThan(80);
  expect(new Set(codes).size).toBe(codes.length);
});

const messagesSayAll: readonly DiagnosticCode[] = ['build', 'program-failed', 'ProgramLog'];

test.each(codes.filter((code) => !messagesSayAll.includes(code)))('%s is shown with a way out', (code) => {
  const [problem] = addFixes(dockerfile, [problemOf(code)]);
  const shown = formatDiagnostic(dockerfile.source, problem!);
  expect(shown).toMatch(/\n {2}hint: [A-Z`].*\.$/);
  expect(shown).not.toMatch(/\]\(|the hint/);
});

test('what a daemon or a program says has no hint that says nothing', () => {
  for (const code of messagesSayAll) expect(withDefaultHint(problemOf(code)).hint).toBeUndefined();
});

test('a hint that is there and a fix stay alone', () => {
  expect(withDefaultHint({ ...problemOf('bad-port'), hint: 'Own.' }).hint).toBe('Own.');
  const fix = { title: 'Write b', edits: [], safety: 'safe' } as const;
  expect(withDefaultHint({ ...problemOf('bad-port'), fix }).hint).toBeUndefined();
});

describe.each([
  ['bad-mount', 'invalid mount target "/"', 'a mount cannot replace the whole image'],
  ['bad-mount', 'invalid value me for uid', 'Write uid= with a number'],
  ['bad-mount', 'invalid value rwx for mode', 'mode=0400'],
  ['bad-mount', 'invalid value for size: lots', 'size=64m'],
  ['bad-mount', 'invalid value for readonly: maybe', 'Write readonly=true'],
  ['bad-mount', "invalid field 'target' must be a key=value pair", 'Write target=VALUE.'],
  ['bad-mount', "invalid field 'SRC' must be a key=value pair", 'Write SRC=VALUE.'],
  ['bad-mount', "invalid field '' must be a key=value pair", 'Remove the comma'],
  ['bad-mount', "invalid field 'nosuch' must be a key=value pair", 'Write one of the options with its value: type,'],
  ['bad-mount', "unexpected key 'required' for mount type 'bind'", 'type=secret'],
  ['bad-mount', "unexpected key 'size' for mount type 'bind'", 'type=tmpfs'],
  ['bad-mount', "unexpected key 'a' in 'a=b'", 'The options are type,'],
  ['bad-mount', 'uid not allowed for "tmpfs" type mounts', 'Remove uid: a mount of type tmpfs has none.'],
  ['bad-mount', 'invalid cache sharing set for bind mount', 'Remove sharing'],
  ['bad-substitution', 'failed to process "${b:?no b}": b: no b', 'Give b a value'],
  ['bad-arguments', 'USER requires exactly one argument', 'Write exactly one argument'],
  ['bad-checksum', 'invalid checksum digest format', 'Write sha256: followed by the 64 hexadecimal digits'],
  ['bad-checksum', 'checksum mismatch "a" != "b"', 'Remove one of the two'],
  ['bad-instruction', 'ref conflicts: "y" vs "x"', 'after #'],
  ['InvalidDefaultArgInFrom', 'Default value for ARG A/B results in empty or invalid base image name', 'No ARG is'],
  ['InvalidDefaultArgInFrom', 'Default value for ARG a:$B results in empty or invalid base image name', 'Give the ARG'],
  ['bad-arguments', 'LABEL requires at least one argument', 'remove the line'],
] as const)('the problem %s: %s', (code, message, hint) => {
  test('it has the hint of its message', () => {
    expect(withDefaultHint(problemOf(code, message)).hint).toContain(hint);
  });
});

test('what is probably meant is a hint, whatever the message says', () => {
  const problem = {
    ...problemOf('unresolved-image', 'buidler: not found'),
    facts: { name: 'buidler', meant: 'builder' },
  };
  expect(withDefaultHint(problem).hint).toBe('Write builder, if that is meant.');
});
