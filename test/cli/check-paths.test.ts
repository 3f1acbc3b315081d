/** Which Dockerfiles `tsfront check` checks, and what it knows of their contexts. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

/** The files with problems, without the directory, and the last line that counts. */
async function checked(dir: string, ...args: string[]) {
  const { stdout, code } = await runCli(['check', '--offline', ...args]);
  const places = [...stdout.matchAll(/^(\S+?):\d+:\d+: \w+\[(.+?)\]/gm)].map(([, file, problem]) => [
    path.relative(dir, file!),
    problem,
  ]);
  return {
    places,
    code,
    counts: /^.*(?:\d (?:error|warning)|no problems).*$/m.exec(stdout.split('\n').slice(-4).join('\n'))?.[0],
  };
}

const capital = 'FROM scratch AS A\n';

test('a directory stands for every Dockerfile under it', async () => {
  const dir = temporaryDir({
    Dockerfile: capital,
    'a/b/api.Dockerfile': capital,
    'a/Dockerfile.dev': 'FROM scratch\n',
    'node_modules/x/Dockerfile': capital,
    'a/readme': capital,
  });
  expect(await checked(dir, dir)).toEqual({
    places: [
      ['Dockerfile', 'StageNameCasing'],
      ['a/b/api.Dockerfile', 'StageNameCasing'],
    ],
    code: 1,
    counts: '3 files: 0 errors, 2 warnings',
  });
});

test('a directory is the context of its own Dockerfile alone', async () => {
  const missing = 'FROM scratch\nCOPY missing /\n';
  const dir = temporaryDir({ Dockerfile: missing, 'a/Dockerfile': missing });
  expect((await checked(dir, dir)).places).toEqual([['Dockerfile', 'missing-source']]);
  expect((await checked(dir, `${dir}/a`)).places).toEqual([['a/Dockerfile', 'missing-source']]);
  expect((await checked(dir, `${dir}/a/Dockerfile`)).places).toEqual([]);
  expect((await checked(dir, '-f', `${dir}/a/Dockerfile`, dir)).places).toEqual([['a/Dockerfile', 'missing-source']]);
});

test('a pattern stands for files, and a file that is named twice is checked once', async () => {
  const dir = temporaryDir({ 'a/Dockerfile': capital, 'b/Dockerfile': capital, 'b/Dockerfile.dev': capital });
  expect((await checked(dir, `${dir}/*/Dockerfile`, `${dir}/a`)).places).toEqual([
    ['a/Dockerfile', 'StageNameCasing'],
    ['b/Dockerfile', 'StageNameCasing'],
  ]);
});

test('files that the configuration leaves out are checked only if they are named', async () => {
  const ignore = JSON.stringify({ lint: { ignore: ['*.old.Dockerfile', 'third_party/', 'a/b/**'] } });
  const dir = temporaryDir({
    'tsfront.json': ignore,
    Dockerfile: capital,
    'x/y.old.Dockerfile': capital,
    'third_party/z/Dockerfile': capital,
    'a/b/c/Dockerfile': capital,
    'b/Dockerfile': capital,
  });
  expect((await checked(dir, dir)).places.map(([file]) => file)).toEqual(['Dockerfile', 'b/Dockerfile']);
  expect((await checked(dir, `${dir}/x/y.old.Dockerfile`)).places.map(([file]) => file)).toEqual([
    'x/y.old.Dockerfile',
  ]);
});

test('unknown base images of one file do not keep the variables of another from being checked', async () => {
  const dir = temporaryDir({
    'a/Dockerfile': 'FROM unknown:1\nENV A=$B\n',
    'b/Dockerfile': 'FROM scratch\nENV A=$B\n',
  });
  expect((await checked(dir, dir)).places).toEqual([['b/Dockerfile', 'UndefinedVar']]);
});
