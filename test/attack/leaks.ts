/** What many builds in one process leave behind. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { connect, dockerfileFrontend, solve } from '../../src/client/index.ts';
import type { Engine } from '../engine/engine.ts';
import { temporaryDir } from '../temporary-dir.ts';

interface Sample {
  readonly heap: number;
  readonly files: number;
  readonly resources: number;
  readonly listeners: number;
  readonly temporary: number;
  readonly beside: number;
}

/**
 * Builds `count` times; the second half of them may let the heap grow by so many bytes for each build, and nothing
 * else.
 */
export async function buildOften(engine: Engine, count: number, growth: number): Promise<void> {
  const dir = temporaryDir();
  mkdirSync(path.join(dir, 'tmp'));
  const script = path.join(import.meta.dirname, 'build-often.ts');
  const args = ['--expose-gc', script, engine.address, await engine.baseImage(), String(count)];
  const env = { TMPDIR: path.join(dir, 'tmp') };
  const samples: Sample[] = JSON.parse(
    await engine.must(process.execPath, args, { cwd: dir, env, timeout: 1_200_000 }),
  );
  expect(samples).toHaveLength(11);
  const [half, end] = [samples[5]!, samples[10]!];
  expect(end.heap - half.heap, JSON.stringify(samples)).toBeLessThan(growth * (count / 2));
  const { heap: _, ...others } = half;
  expect(end, JSON.stringify(samples)).toMatchObject(others);
  expect(end.temporary).toBe(0);
}

/** Builds so many at the same time over one connection; each must have its own result. */
export async function buildTogether(engine: Engine, count: number): Promise<void> {
  const dir = temporaryDir();
  const base = await engine.baseImage();
  const connection = await connect(engine.address);
  const run = `${process.pid}-${count}`;
  try {
    const builds = Array.from({ length: count }, async (_, i) => {
      const context = path.join(dir, `context-${i}`);
      const dest = path.join(dir, `dest-${i}`);
      mkdirSync(context);
      writeFileSync(path.join(context, 'file'), `context ${i}`);
      const dockerfile = `FROM ${base} AS made\nARG CASE\nRUN echo $CASE > /made\nFROM scratch\nCOPY file /file\nCOPY --from=made /made /made\n`;
      const build = solve(connection, {
        frontend: dockerfileFrontend,
        frontendAttrs: { 'build-arg:CASE': `${run} number ${i}` },
        localDirs: { context, dockerfile: { Dockerfile: dockerfile } },
        exports: [{ type: 'local', dest }],
        auth: false,
      });
      let output = '';
      for await (const { logs } of build.status) for (const { data } of logs) output += Buffer.from(data).toString();
      await build.result;
      return { dest, output };
    });
    for (const [i, { dest, output }] of (await Promise.all(builds)).entries()) {
      expect(readFileSync(path.join(dest, 'file'), 'utf8')).toBe(`context ${i}`);
      expect(readFileSync(path.join(dest, 'made'), 'utf8')).toBe(`${run} number ${i}\n`);
      expect(readdirSync(dest).sort()).toEqual(['file', 'made']);
      expect(output).toBe('');
    }
  } finally {
    connection.close();
  }
}
