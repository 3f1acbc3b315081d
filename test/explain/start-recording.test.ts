/** The record of a build on a daemon is the same wherever it is made. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeRecord, type RecordedBuild } from '../../src/explain/make-record.ts';
import { startRecording } from '../../src/explain/start-recording.ts';
import { compile, dirTree } from '../../src/index.ts';
import { temporaryDir } from '../temporary-dir.ts';

const key = 'a'.repeat(64);
const options = { key, maxBytes: undefined, digestDir: undefined };

/** A build that takes that many files of a size, in as many steps. */
async function build({ files = 3, size = 10, steps = 1 }): Promise<RecordedBuild> {
  const dir = temporaryDir();
  mkdirSync(path.join(dir, 'src'));
  for (let i = 0; i < files; i++) writeFileSync(path.join(dir, 'src', `${i}`), 'x'.repeat(size));
  const copies = Array.from({ length: steps }, (_, i) => `COPY src /${i}\n`).join('');
  writeFileSync(path.join(dir, 'Dockerfile'), `FROM scratch\n${copies}`);
  const locals = new Map(['context', 'dockerfile'].map((name) => [name, dirTree(dir)]));
  const compiled = await compile({ opts: {}, locals, images: [] });
  return { compiled, opened: { opts: {}, dirs: new Map([['context', dir]]) } };
}

test.each([
  ['a small build', {}],
  ['many files', { files: 1100 }],
  ['large files', { files: 2, size: 5 << 20 }],
  ['many steps', { steps: 600 }],
])('the record is that of makeRecord: %s', async (_, of) => {
  const given = await build(of);
  const recording = startRecording(given, options);
  const expected = JSON.stringify(await makeRecord(given, { key }));
  expect(await recording.wait()).toBe(expected);
  expect(await recording.wait(0)).toBe(expected);
  recording.stop();
});

test.each([
  ['a small build', 3],
  ['many files', 1100],
])('what stops is not ready: %s', async (_, files) => {
  const recording = startRecording(await build({ files }), options);
  expect(await recording.wait(0)).toBeUndefined();
  recording.stop();
  await expect(recording.wait()).rejects.toThrow(/aborted|has ended/);
});

test('a build that takes more bytes than are wanted has no record', async () => {
  const recording = startRecording(await build({ size: 1000 }), { ...options, maxBytes: 2000 });
  await expect(recording.wait()).rejects.toThrow('the build takes more than 2000 bytes');
});
