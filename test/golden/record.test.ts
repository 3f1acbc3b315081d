/** The recorder of golden cases: it says where a frontend differs, and writes nothing unless it is told to. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { temporaryDir } from '../../src/system/temporary-dir.ts';

const recorder = path.join(import.meta.dirname, 'record.ts');
const record = (...args: string[]) =>
  promisify(execFile)(process.execPath, [recorder, ...args]).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  );

test('tells a frontend that is equal from one that is not', async () => {
  const dir = await temporaryDir('tsfront-record-');
  try {
    const bundle = path.join(dir.path, 'frontend.mjs');
    const entry = path.resolve(import.meta.dirname, '../../src/frontend.ts');
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const { writeFile } = await import('node:fs/promises');
    const text = outputFiles[0]!.text;
    await writeFile(bundle, text);
    const name = 'add/chown-names-link';
    const before = readFileSync(path.join(import.meta.dirname, `${name}.expected.json`));
    expect(await record('--filter', name, '--', 'node', bundle)).toEqual({
      code: 0,
      stdout: '1 of 1 cases as recorded, 0 differ\n',
    });
    await writeFile(bundle, text.replaceAll('"ADD"', '"ODD"'));
    const other = await record('--filter', name, '--', 'node', bundle);
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(/^add\/chown-names-link\n {2}(llb|image|metadata):[\s\S]*\n0 of 1 cases as recorded, 1 differ\n$/);
    expect(readFileSync(path.join(import.meta.dirname, `${name}.expected.json`))).toEqual(before);
  } finally {
    await dir.remove();
  }
});
