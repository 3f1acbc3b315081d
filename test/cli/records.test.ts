import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type BuildRecord, formatRecord, parseRecord } from '../../src/explain/build-record.ts';
import { EnvironmentReader } from '../../src/explain/environments.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

let dir: string;
let cache: string;
beforeEach(() => {
  dir = temporaryDir();
  cache = temporaryDir();
});

const write = (text: string) => writeFileSync(path.join(dir, 'Dockerfile'), text);

/** Runs `explain` of one user, who has a cache directory. */
async function explain(...args: string[]) {
  const run = await runCli(['explain', dir, ...args], { env: { XDG_CACHE_HOME: cache } });
  expect(run.code, run.stderr).toBe(0);
  return run;
}

async function record(name: string, ...args: string[]): Promise<string> {
  const file = path.join(dir, `${name}.json`);
  await explain('--from', path.join(dir, 'Dockerfile'), '--record', file, ...args);
  return file;
}

const many = (count: number, first = '0') =>
  `FROM scratch\n${Array.from({ length: count }, (_, i) => `ENV V${i}=${i === 0 ? first : i}\nRUN x ${i}\n`).join('')}`;

test('a record grows with the Dockerfile, not with the square of it', async () => {
  const sizes: number[] = [];
  for (const count of [200, 400]) {
    write(many(count));
    sizes.push(statSync(await record(`of-${count}`)).size);
  }
  expect(sizes[1]! / sizes[0]!).toBeLessThan(2.2);
});

test('each step has its own variables in a record', async () => {
  write(
    'FROM scratch AS a\nENV A=1 B=2\nRUN x\nENV A=3\nRUN y\nENV C=4\nRUN z\nFROM scratch\nENV D=5\nCOPY --from=a / /\nRUN x\n',
  );
  const { environments, platforms } = parseRecord(readFileSync(await record('envs'), 'utf8'))!;
  const reader = new EnvironmentReader(environments);
  const steps = Object.values(platforms)[0]!.filter(({ environment }) => environment !== undefined);
  const names = (order: readonly number[]) =>
    order.map((index) => reader.at(steps[index]!.environment!).map(([name]) => name));
  // A variable that is set again is the last one.
  const expected = [
    ['PATH', 'A', 'B'],
    ['PATH', 'B', 'A'],
    ['PATH', 'B', 'A', 'C'],
    ['PATH', 'D'],
  ];
  const all = steps.map((_, index) => index);
  expect(names(all)).toEqual(expected);
  expect(names([...all].reverse())).toEqual([...expected].reverse());
});

test('a variable that changes is the cause of each step that has it', async () => {
  write(many(50));
  const old = await record('old');
  write(many(50, 'other'));
  const { stdout } = await explain('--from', old, '--format', 'json');
  const { steps } = JSON.parse(stdout) as { steps: { causes: { kind: string; name: string }[] }[] };
  expect(steps).toHaveLength(50);
  for (const { causes } of steps) expect(causes).toMatchObject([{ kind: 'variable', name: 'V0' }]);
});

const withSecrets = (secret: string) =>
  `FROM scratch\nARG TOKEN\nENV PIN=${secret}\nCOPY Dockerfile /\nRUN API_KEY=${secret} make\nRUN echo $PIN\n`;

test('a short value cannot be looked up by a digest in a record', async () => {
  write(withSecrets('1234'));
  const text = readFileSync(await record('secrets', '--build-arg', 'TOKEN=5678'), 'utf8');
  for (const value of ['1234', '5678', '"1234"', 'API_KEY=1234 make', 'PIN=1234'])
    for (const form of [value, JSON.stringify(value), JSON.stringify(['/bin/sh', '-c', value])])
      expect(text).not.toContain(createHash('sha256').update(form).digest('hex').slice(0, 16));
  const { platforms } = JSON.parse(text) as BuildRecord;
  const runs = Object.values(platforms)[0]!.filter((it) => it.text === 'RUN');
  expect(runs.map(({ op, hasSecrets }) => [op, hasSecrets])).toEqual([
    ['', true],
    ['', true],
  ]);
  const key = path.join(cache, 'tsfront/record-key');
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(text).not.toContain(readFileSync(key, 'utf8').trim());
});

test('values are compared with records of the same user, and of others they are unknown', async () => {
  write(withSecrets('1234'));
  const old = await record('old', '--build-arg', 'TOKEN=1');
  const same = await explain('--from', old, '--build-arg', 'TOKEN=1');
  expect(same).toMatchObject({
    stdout: 'nothing runs again: 3 steps cached\n',
    stderr: expect.not.stringContaining('note'),
  });
  expect((await explain('--from', old, '--build-arg', 'TOKEN=2')).stdout).toContain('the value of TOKEN changed');
  cache = temporaryDir(); // another user
  const other = await explain('--from', old, '--build-arg', 'TOKEN=2');
  expect(other.stdout).toBe('nothing runs again: 3 steps cached\n');
  expect(other.stderr).toContain('note: values of variables are not compared');
  write(`${withSecrets('1234')}RUN more\n`);
  expect((await explain('--from', old, '--build-arg', 'TOKEN=2')).stdout).toContain('Dockerfile:7 RUN\n  it is new');
});

test('a record whose environments are made of what is not there is refused', async () => {
  write(many(2));
  const good = parseRecord(readFileSync(await record('good'), 'utf8'))!;
  expect(parseRecord(formatRecord(good))).toEqual(good);
  for (const change of [{ like: 5 }, { starts: 99 }, { ends: 2 }]) {
    const environments = good.environments.map((it, index) => (index === 1 ? { ...it, ...change } : it));
    expect(() => parseRecord(JSON.stringify({ ...good, environments }))).toThrow('an environment of the record');
  }
});
