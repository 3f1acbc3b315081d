/** Records and comparisons without an engine: what they are made of, and that they stay small. */
import { expect, test } from 'vitest';
import { type BuildRecord, parseRecord } from '../../src/explain/build-record.ts';
import { compareBuilds } from '../../src/explain/compare-builds.ts';
import { recordBuild } from '../../src/explain/make-record.ts';
import { compile, dirTree } from '../../src/index.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** A build of `dockerfile` in a directory with these files. */
async function record(
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
  opts: Readonly<Record<string, string>> = {},
): Promise<BuildRecord> {
  const dir = temporaryDir({ ...files, Dockerfile: dockerfile });
  const locals = new Map(['context', 'dockerfile'].map((name) => [name, dirTree(dir)]));
  const compiled = await compile({ opts, locals, images: [] });
  return recordBuild({ compiled, opened: { opts, dirs: new Map([['context', dir]]) } });
}

test('each platform has the files that it takes', async () => {
  const text = 'FROM scratch\nARG TARGETARCH\nCOPY bin-$TARGETARCH /\n';
  const opts = { platform: 'linux/amd64,linux/arm64' };
  const older = await record(text, { 'bin-amd64': 'a', 'bin-arm64': 'b' }, opts);
  const newer = await record(text, { 'bin-amd64': 'other', 'bin-arm64': 'b' }, opts);
  const changed = compareBuilds(older, newer).steps.filter(({ outcome }) => outcome !== 'cached');
  expect(changed).toMatchObject([
    { platform: 'linux/amd64', line: 3, causes: [{ kind: 'file', name: 'bin-amd64', detail: 'content' }] },
  ]);
});

test('variables are those that the language sets, at the first line of their instruction', async () => {
  const { variables } = await record(
    'ARG A=1\nFROM scratch\nENV GREETING hello big world\nENV B=1 \\\n  C="x D=2"\nRUN <<EOF\nENV E=1\nEOF\n',
  );
  expect(variables).toEqual({ A: [1], GREETING: [3], B: [4], C: [4] });
});

test('a variable that a continued ENV sets is the cause of what it changes', async () => {
  const text = (value: number) => `FROM scratch\nENV A=1 \\\n  B=${value}\nRUN a\n`;
  const { steps } = compareBuilds(await record(text(1)), await record(text(2)));
  expect(steps).toMatchObject([{ line: 4, causes: [{ kind: 'variable', name: 'B', detail: 'Dockerfile:2' }] }]);
});

test('a build argument that changed is named as the frontend option', async () => {
  const text = 'FROM scratch\nARG A\nRUN a\n';
  const [older, newer] = [
    await record(text, {}, { 'build-arg:A': '1' }),
    await record(text, {}, { 'build-arg:A': '2' }),
  ];
  const causes = [{ kind: 'variable', name: 'A', detail: 'build-arg:A' }];
  expect(compareBuilds(older, newer).steps).toMatchObject([{ line: 3, causes }]);
});

test.each([
  ['', 'no-cache', [2, 4]],
  ['b', 'no-cache=b', [4]],
])('steps that the cache is not used for run again (no-cache: %j)', async (stages, option, lines) => {
  const text = 'FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY --link x y /\nFROM a\nCOPY --from=b /y /\n';
  const files = { x: 'x', y: 'y' };
  const older = await record(text, files);
  const { steps } = compareBuilds(older, await record(text, files, { 'no-cache': stages }));
  const causes = [{ kind: 'no cache', name: '', detail: option }];
  const uncached = steps.filter((step) => lines.includes(step.line) && step.causes.length > 0);
  expect(new Set(uncached.map(({ line }) => line))).toEqual(new Set(lines));
  for (const step of uncached) expect(step).toMatchObject({ outcome: 'runs', causes });
  const again = compareBuilds(await record(text, files, { 'no-cache': stages }), older).steps;
  expect(new Set(again.map(({ outcome }) => outcome))).toEqual(new Set(['cached']));
});

test('a step names 20 variables that differ and counts the others, so that an explanation grows with the build alone', async () => {
  const text = (value: string) =>
    `FROM scratch\n${Array.from({ length: 30 }, (_, i) => `ENV V${i}=${value}\n`).join('')}RUN a\n`;
  const [step] = compareBuilds(await record(text('a')), await record(text('b'))).steps;
  expect(step!.causes.map(({ name }) => name)).toEqual([...Array.from({ length: 20 }, (_, i) => `V${i}`), '']);
  expect(step!.causes[20]).toEqual({ kind: 'variables', name: '', detail: '10 more', count: 10 });
});

test('a step follows from the nearest causes, so that an explanation grows with the build alone', async () => {
  const runs = (value: string) =>
    `FROM scratch\n${Array.from({ length: 300 }, (_, i) => `RUN ${value}${i}\n`).join('')}`;
  const explanation = compareBuilds(await record(runs('a')), await record(runs('b')));
  expect(explanation.steps).toHaveLength(300);
  const nearest = Array.from({ length: 20 }, (_, i) => 281 + i);
  expect(explanation.steps[299]).toMatchObject({ line: 301, causes: [{ kind: 'instruction' }], followsFrom: nearest });
});

test('a damaged record is an error that says what is wrong with it', async () => {
  const whole = JSON.stringify(await record('FROM scratch\nCOPY Dockerfile /\nRUN a\n'));
  expect(parseRecord(whole)).toBeDefined();
  const damaged = (change: (value: { platforms: Record<string, unknown[]> }) => void) => {
    const value = JSON.parse(whole);
    change(value);
    return () => parseRecord(JSON.stringify(value));
  };
  expect(parseRecord('{"def":[]}')).toBeUndefined();
  expect(damaged((it) => Object.assign(it, { version: 1 }))).toThrow('it is a record of version 1');
  expect(damaged((it) => Object.assign(it, { platforms: { x: 5 } }))).toThrow(
    'the record.platforms.x must be an array',
  );
  expect(damaged((it) => Object.assign(it, { contexts: [] }))).toThrow('the record.contexts');
  const damagedStep = (change: object) =>
    damaged(({ platforms }) => Object.assign(Object.values(platforms)[0]!.at(-1)!, change));
  expect(damagedStep({ inputs: [{ step: 7 }] })).toThrow('a step of the record needs a step after it');
  for (const part of [{ kind: 'other' }, { kind: 'mount' }, { kind: 'owner' }])
    expect(damagedStep({ parts: [{ ...part, digest: '' }] })).toThrow('parts[0] must be a part of an op');
});

test('arguments of another kind are refused by name', async () => {
  const older = await record('FROM scratch\nRUN a\n');
  expect(() => compareBuilds(older, {} as never)).toThrow('compareBuilds: newer.platforms must be');
  await expect(recordBuild({} as never)).rejects.toThrow('recordBuild: build.compiled must be');
});

const checksum = (digit: string) => `sha256:${digit.repeat(64)}`;

test.each([
  [
    'FROM scratch\nRUN --network=none a\n',
    'FROM scratch\nRUN --network=host a\n',
    { kind: 'instruction', name: '--network', before: '--network=none', now: '--network=host' },
  ],
  [
    `FROM scratch\nADD --checksum=${checksum('a')} https://example.com/f /f\n`,
    `FROM scratch\nADD --checksum=${checksum('b')} https://example.com/f /f\n`,
    { kind: 'instruction', name: '--checksum', before: `--checksum=${checksum('a')}` },
  ],
  [
    'FROM scratch\nADD --keep-git-dir=true https://github.com/a/b.git#v1 /f\n',
    'FROM scratch\nADD https://github.com/a/b.git#v1 /f\n',
    { kind: 'instruction', name: '--keep-git-dir', before: '--keep-git-dir=true', now: '' },
  ],
  [
    'FROM scratch\nADD --keep-git-dir=true https://github.com/a/b.git#v1 /f\n',
    'FROM scratch\nADD https://github.com/a/b.git#v2 /f\n',
    { kind: 'instruction', name: '' },
  ],
  [
    'FROM scratch\nSHELL ["a", "-c"]\nRUN x\n',
    'FROM scratch\nSHELL ["b", "-c"]\nRUN x\n',
    { kind: 'settings', name: 'shell', detail: 'Dockerfile:2' },
  ],
  [
    'FROM scratch\nENV D=/a E=1\nWORKDIR $D/$E\n',
    'FROM scratch\nENV D=/b E=1\nWORKDIR $D/$E\n',
    { kind: 'variable', name: 'D', detail: 'Dockerfile:2' },
  ],
  [
    '# escape=`\nFROM scratch\nARG D=/a\nCOPY x \\$D\n',
    '# escape=`\nFROM scratch\nARG D=/b\nCOPY x \\$D\n',
    { kind: 'variable', name: 'D', detail: 'Dockerfile:3' },
  ],
])('the first cause is named: %j → %j', async (before, after, cause) => {
  const [older, newer] = [await record(before, { x: 'x' }), await record(after, { x: 'x' })];
  const causes = compareBuilds(older, newer).steps.flatMap((step) => (step.line > 0 ? step.causes : []));
  expect(causes[0]).toMatchObject(cause);
  expect(causes.every(({ kind }) => kind === cause.kind)).toBe(true);
});

test('an instruction is the one that it was if its keyword is written in lower case', async () => {
  const older = await record('FROM scratch\nCOPY x /a\n', { x: 'x' });
  const { steps } = compareBuilds(older, await record('FROM scratch\ncopy x /b\n', { x: 'x' }));
  expect(steps).toMatchObject([{ line: 2, causes: [{ kind: 'instruction' }] }]);
});

test('a relative destination depends on the working directory, whatever its source is', async () => {
  const text = (dir: string) => `FROM scratch\nARG FILE=x\nWORKDIR ${dir}\nCOPY /$FILE b\n`;
  const [older, newer] = [await record(text('/a'), { x: 'x' }), await record(text('/b'), { x: 'x' })];
  expect(compareBuilds(older, newer).steps.at(-1)).toMatchObject({
    causes: [
      {
        kind: 'settings',
        name: 'destination',
        detail: 'Dockerfile:3',
        setting: 'destination',
        origin: { file: 'Dockerfile', line: 3 },
      },
    ],
  });
});

test('what a RUN has from WORKDIR and USER names the last one of its stages', async () => {
  const text = (dir: string, user: string) =>
    `FROM scratch AS base\nWORKDIR /a\nUSER ${user}\nFROM base\nWORKDIR ${dir}\nRUN a\n`;
  const [older, newer] = [await record(text('b', 'x')), await record(text('c', 'y'))];
  expect(compareBuilds(older, newer).steps.at(-1)).toMatchObject({
    line: 6,
    causes: [
      { name: 'working directory', origin: { line: 5 } },
      { name: 'user', origin: { line: 3 } },
    ],
  });
});

test('a base image that is another one has its names with the digests', async () => {
  const build = async (digit: string) => {
    const dir = temporaryDir({ Dockerfile: 'FROM debian\nRUN a\n' });
    const locals = new Map([['dockerfile', dirTree(dir)]]);
    const digest = `sha256:${digit.repeat(64)}`;
    const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest] } };
    const images = [{ resolve: async () => ({ digest, config: new TextEncoder().encode(JSON.stringify(config)) }) }];
    const compiled = await compile({ opts: {}, locals, images });
    return recordBuild({ compiled, opened: { opts: {}, dirs: new Map() } });
  };
  const [from] = compareBuilds(await build('1'), await build('2')).steps;
  expect(from?.causes).toEqual([
    {
      kind: 'base image',
      name: '',
      detail: '',
      before: `docker.io/library/debian:latest@sha256:${'1'.repeat(64)}`,
      now: `docker.io/library/debian:latest@sha256:${'2'.repeat(64)}`,
    },
  ]);
});
