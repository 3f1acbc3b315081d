/** Each pattern of an ignore file, and each path that COPY names, is a header of the request for the context. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connect, solve } from '../../src/client/index.ts';
import { local } from '../../src/llb/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const build = ['build', '--progress=plain', '--no-cache'];

/** A context with files that are ignored by the first and the last of the patterns, and by none. */
function context(patterns: number, bytes = 60): string {
  const dir = temporaryDir();
  const names = Array.from({ length: patterns }, (_, i) => `p${i}/`.padEnd(bytes, 'x'));
  writeFileSync(path.join(dir, '.dockerignore'), names.join('\n'));
  for (const name of [names[0]!, names.at(-1)!]) {
    mkdirSync(path.join(dir, path.dirname(name)));
    writeFileSync(path.join(dir, name), '');
  }
  writeFileSync(path.join(dir, 'kept'), '');
  writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  return dir;
}

await onEngines('a long ignore file', {}, (engine) => {
  test.each([4000, 15_000])('an ignore file of %i patterns applies from the first to the last', async (patterns) => {
    const dest = temporaryDir();
    const dir = context(patterns);
    await engine.must(process.execPath, [cli, ...build, '-o', dest, dir]);
    const { stdout } = await engine.run('find', [dest, '-type', 'f', '-printf', '%P\n']);
    expect(stdout.trim().split('\n').sort()).toEqual(['.dockerignore', 'Dockerfile', 'kept']);
  });

  test('applies with the engine’s own frontend', async () => {
    const dir = context(4000);
    const args = [cli, ...build, '--frontend=dockerfile.v0', '--output=type=cacheonly', dir];
    await engine.must(process.execPath, args);
  });

  test('a build may name thousands of paths', async () => {
    const dir = temporaryDir();
    const followPaths = Array.from({ length: 5000 }, (_, i) => `directory-with-a-long-name/file-number-${i}-of-many`);
    mkdirSync(path.join(dir, 'directory-with-a-long-name'));
    for (const name of followPaths) writeFileSync(path.join(dir, name), '');
    const dest = temporaryDir();
    const connection = await connect(engine.address);
    const definition = local('context', { followPaths }).marshal();
    await solve(connection, { definition, localDirs: { context: dir }, exports: [{ type: 'local', dest }] }).result;
    connection.close();
    expect(readdirSync(path.join(dest, 'directory-with-a-long-name'))).toHaveLength(followPaths.length);
  });
});

await onEngines('an ignore file that is too long', { suites: ['forky'] }, (engine) => {
  test('fails with what is too long and what to do', async () => {
    const { status, stderr } = await engine.run(process.execPath, [
      cli,
      ...build,
      '--output=type=cacheonly',
      context(160_000),
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain('take more than 16 MB: each pattern of an ignore file');
  });

  test('an ignore file that is too long for one message fails the build', async () => {
    const { status, stderr } = await engine.run(process.execPath, [
      cli,
      ...build,
      '--output=type=cacheonly',
      context(300_000),
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain('failed to read .dockerignore: it is too large');
  });
});
