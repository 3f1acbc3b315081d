import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Definition } from '../src/llb/index.ts';
import { temporaryDir } from './client/temporary-dir.ts';
import { onEngines } from './engine/on-engines.ts';

const root = path.resolve(import.meta.dirname, '..');

/** The example that a page of the API documentation begins with, as a user of the package would run it. */
function exampleOf(page: string): { args: string[]; cwd: string } {
  const text = readFileSync(path.join(root, 'docs/api', page), 'utf8');
  const cwd = temporaryDir();
  mkdirSync(path.join(cwd, 'node_modules'));
  symlinkSync(root, path.join(cwd, 'node_modules/tsfront'));
  writeFileSync(path.join(cwd, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(cwd, 'example.ts'), /```ts\n(.*?)```/s.exec(text)![1]!);
  writeFileSync(path.join(cwd, 'Dockerfile'), 'FROM scratch AS release\nCOPY Dockerfile /copied\n');
  return { args: ['--conditions=tsfront-source', 'example.ts'], cwd };
}

describe('the example of', () => {
  const print = (page: string) => {
    const { args, cwd } = exampleOf(page);
    return execFileSync(process.execPath, args, { cwd });
  };

  test('tsfront', () => {
    expect(print('tsfront.md').toString()).toMatch(/^ sha256:[0-9a-f]{64}\n$/);
  });

  test('tsfront/parser', () => {
    expect(print('tsfront-parser.md').toString()).toBe('scratch 1\n');
  });

  test('tsfront/llb', () => {
    const ops = Definition.decode(print('tsfront-llb.md')).ops();
    expect(ops.map(({ op }) => op.op.case).sort()).toEqual(
      ['source', 'source', 'file', 'exec', 'file', undefined].sort(),
    );
  });
});

await onEngines('the example of tsfront/client', { suites: ['forky'] }, (engine) => {
  test('builds an image', async () => {
    const { args, cwd } = exampleOf('tsfront-client.md');
    const printed = await engine.must(process.execPath, args, { cwd });
    expect(printed).toContain('COPY Dockerfile /copied');
    expect(printed).toMatch(/\nsha256:[0-9a-f]{64}\n$/);
  });
});
