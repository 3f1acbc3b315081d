/** `tsfront build --explain` on a real engine. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDir } from '../client/temporary-dir.ts';
import { onEngines } from '../engine/on-engines.ts';
import { runCli } from './run-cli.ts';

await onEngines('tsfront build --explain', { suites: ['forky'] }, (engine) => {
  let base: string;
  beforeAll(async () => {
    base = await engine.baseImage();
  });

  function project(last = 'RUN echo end') {
    const dir = temporaryDir();
    const home = temporaryDir();
    mkdirSync(path.join(dir, 'src'));
    writeFileSync(path.join(dir, 'src/a'), randomUUID());
    writeFileSync(path.join(dir, 'Dockerfile'), `FROM ${base}\nCOPY src /src\nRUN cat /src/a\n${last}\n`);
    const build = async (...args: string[]) => {
      const all = [
        'build',
        '--builder',
        engine.address,
        '--progress',
        'none',
        '--output',
        'type=cacheonly',
        ...args,
        dir,
      ];
      return runCli(all, { env: { HOME: home } });
    };
    return { dir, home, build };
  }

  test('the first build writes a record, the next one says why steps ran', async () => {
    const { dir, home, build } = project();
    const first = await build('--explain');
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain('there is no record of an earlier build');
    expect(readdirSync(path.join(home, '.cache/tsfront/builds'))).toHaveLength(1);
    expect((await build('--explain')).stderr).toContain('nothing runs again: 4 steps cached\n');
    writeFileSync(path.join(dir, 'src/a'), randomUUID());
    expect((await build('--explain')).stderr).toContain(
      'Dockerfile:2 COPY src /src\n  src/a: its content changed\nlines 3, 4 follow from line 2\n\n3 steps run again; 1 step cached\n',
    );
  });

  test('what the daemon does otherwise is said', async () => {
    const { dir, build } = project();
    const record = path.join(temporaryDir(), 'record.json');
    const explained = ['--explain', '--record', record];
    const old = randomUUID();
    const fresh = randomUUID();
    for (const content of [fresh, old]) {
      writeFileSync(path.join(dir, 'src/a'), content);
      expect((await build(...explained)).code).toBe(0);
    }
    const uncached = await build(...explained, '--no-cache');
    expect(uncached.stderr).toMatch(/lines 2, 3, 4 ran though nothing changed/);
    writeFileSync(path.join(dir, 'src/a'), fresh);
    expect((await build(...explained)).stderr).toContain(
      'lines 2, 3, 4 did not run: the cache has the result of another build\n',
    );
  });

  test('a build that fails is explained, too, and keeps the record of the last one', async () => {
    const { dir, build } = project();
    await build('--explain');
    writeFileSync(path.join(dir, 'Dockerfile'), `FROM ${base}\nCOPY src /src\nRUN cat /src/a\nRUN false\n`);
    for (let i = 0; i < 2; i++) {
      const { code, stderr } = await build('--explain');
      expect(code).toBe(1);
      expect(stderr).toContain('Dockerfile:4 RUN\n  its text changed\n');
    }
  });

  test('without --explain nothing is recorded, and --record alone is refused', async () => {
    const { home, build } = project();
    expect((await build()).code).toBe(0);
    expect(existsSync(path.join(home, '.cache/tsfront/builds'))).toBe(false);
    expect(await build('--record', 'x.json')).toMatchObject({ code: 2 });
  });
});
