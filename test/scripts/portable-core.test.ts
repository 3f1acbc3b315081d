/** tsconfig.core.json knows the language and what every host has, and nothing else. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';

const project = path.resolve(import.meta.dirname, '../..');
let directory: string;
beforeAll(() => {
  directory = temporaryDir();
});

const foreign = [
  'globalThis.process',
  "process['env']",
  '[Buffer]',
  "new URL('file:///')",
  'structuredClone(1)',
  "'http://a' + Buffer.from('')",
  'import(`node:fs`)',
  "import('crypto')",
  "require('fs')",
  'new TextDecoder()',
  "fetch('http://a')",
  'console',
  'setImmediate',
];
const common = ['setTimeout(() => {}, 1)', 'performance.now()', 'new Map([[1n, /a/v]])', 'Promise.withResolvers()'];

test('modules of the portable core may name what every host has, and nothing of Node', () => {
  const lines = [...common, ...foreign].map((expression, i) => `export const value${i} = ${expression};`);
  writeFileSync(path.join(directory, 'module.ts'), `${lines.join('\n')}\n`);
  const config = {
    extends: path.join(project, 'tsconfig.core.json'),
    compilerOptions: { target: 'ES2024' },
    include: [path.join(project, 'src/host/globals.d.ts'), path.join(directory, 'module.ts')],
  };
  writeFileSync(path.join(directory, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(path.join(directory, 'package.json'), '{ "type": "module" }');
  const { stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', directory], {
    cwd: project,
    encoding: 'utf8',
  });
  const refused = new Set([...stdout.matchAll(/module\.ts[(:](\d+)/g)].map(([, line]) => Number(line)));
  expect([...refused].map((line) => [...common, ...foreign][line - 1])).toEqual(foreign);
});
