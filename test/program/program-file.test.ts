import { expect, test } from 'vitest';
import { encodeText } from '../../src/go/text.ts';
import { isProgram } from '../../src/program/program-file.ts';

test.each(['build.ts', 'a/build.mts', 'build.cts', 'x.js', 'x.mjs', 'BUILD.TS'])(
  '%s is a program by its name',
  (name) => {
    expect(isProgram(name, encodeText('FROM alpine\n'))).toBe(true);
  },
);

test.each([
  '// syntax=example.com/tsfront\n',
  '//syntax=example.com/tsfront\n',
  '\ufeff// syntax=example.com/tsfront\nimport a from "a";\n',
  '#!/usr/bin/env tsfront\n// syntax=example.com/tsfront\n',
])('%j is a program by its first line', (text) => {
  expect(isProgram('Buildfile', encodeText(text))).toBe(true);
});

test.each([
  ['Dockerfile', 'FROM alpine\n'],
  ['Dockerfile', '# syntax=example.com/tsfront\nFROM alpine\n'],
  ['Dockerfile', '// a comment\nFROM alpine\n'],
  ['Dockerfile', '\n// syntax=example.com/tsfront\n'],
  ['Dockerfile.ts.old', ''],
  ['ts', ''],
  ['build.cjs', 'FROM alpine\n'],
])('%s with %j is a Dockerfile', (name, text) => {
  expect(isProgram(name, encodeText(text))).toBe(false);
});
