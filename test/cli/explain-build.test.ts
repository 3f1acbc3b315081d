/** `tsfront build --explain` on a real engine. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
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
    expect((await build('--explain')).stderr).toContain('nothing ran again: 4 steps cached\n');
    writeFileSync(path.join(dir, 'src/a'), randomUUID());
    expect((await build('--explain')).stderr).toContain(
      'Dockerfile:2 COPY src /src\n  src/a: its content changed (1 line)\nlines 3, 4 follow from line 2\n\n3 steps ran; 1 step cached\n',
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
    expect(uncached.stderr).toContain('\nlines 2, 3, 4 run because of --no-cache\n\n3 steps ran; 1 step cached\n');
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

  test('a build keeps its record without being asked, unless that is turned off', async () => {
    const { dir, home, build } = project();
    const records = () => {
      const at = path.join(home, '.cache/tsfront/builds');
      return existsSync(at) ? readdirSync(at).map((name) => path.join(at, name)) : [];
    };
    expect((await build('--no-record')).code).toBe(0);
    expect((await build('--build-arg', 'A=1', '--call', 'check')).code).toBe(0);
    expect(records()).toEqual([]);
    const slow = path.join(dir, 'Dockerfile');
    writeFileSync(slow, `FROM ${base}\nARG NONCE\nCOPY src /src\nRUN sleep 3; echo ${randomUUID()}\n`);
    const secret = `secret-${randomUUID()}`;
    const built = await build('--build-arg', `NONCE=${secret}`);
    expect(built).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const [file = ''] = records();
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    const record = readFileSync(file, 'utf8');
    expect(record).not.toContain(secret);
    expect(Object.keys(JSON.parse(record).contexts.context.files)).toEqual(['src/', 'src/a']);

    const unchanged = await runCli(['explain', dir, '--build-arg', `NONCE=${secret}`], { env: { HOME: home } });
    expect(unchanged.stdout).toMatch(/^nothing runs again: /);

    writeFileSync(path.join(dir, 'src/a'), 'one\ntwo\nthree\n');
    const images = path.join(home, 'images.json');
    const registry = ['--from', dir, '--write-images', images];
    expect((await runCli(['explain', ...registry, dir], { env: { HOME: home } })).code).toBe(0);
    const args = ['explain', dir, '--images', images, '--build-arg', `NONCE=${secret}`];
    const explained = await runCli(args, { env: { HOME: home } });
    expect(explained.stderr).toMatch(/^note: compared with the last build, \d+ \w+ ago; --from HEAD/);
    expect(explained.stdout).toContain('Dockerfile:3 COPY src /src\n  src/a: its content changed (3 lines)\n');
  });

  test('--record without --explain writes the record there', async () => {
    const { home, build } = project();
    const record = path.join(temporaryDir(), 'record.json');
    expect(await build('--record', record)).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(JSON.parse(readFileSync(record, 'utf8')).contexts)).toEqual(['context']);
    expect(existsSync(path.join(home, '.cache/tsfront/builds'))).toBe(false);
    expect(await build('--record', record, '--no-record')).toMatchObject({ code: 2 });
  });
});
