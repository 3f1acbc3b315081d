/** Builds that are ended by a signal at some moment, and what must be true afterwards. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import { snapshot } from './snapshot.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const marker = 'TSFRONT_INTERRUPT';

/** Numbers in [0, 1) that are the same in each run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The code that a signal ends the command with (README.md). */
const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type Signal = keyof typeof codes;
export const signals = Object.keys(codes) as readonly Signal[];

export interface Shape {
  readonly name: string;
  /** Arguments of `tsfront build` with an output that goes to `dest`. */
  args(place: Place): string[];
}

interface Place {
  readonly context: string;
  readonly dest: string;
  readonly git: string;
}

const local: Shape = { name: 'a directory', args: ({ dest, context }) => ['-o', `type=local,dest=${dest}`, context] };
export const shapes: readonly Shape[] = [
  local,
  { name: 'an archive of files', args: ({ dest, context }) => ['-o', `type=tar,dest=${dest}`, context] },
  { name: 'an image archive', args: ({ dest, context }) => ['-o', `type=oci,dest=${dest}`, context] },
  { name: 'an image layout', args: ({ dest, context }) => ['-o', `type=oci,tar=false,dest=${dest}`, context] },
  { name: 'a cache', args: ({ dest, context }) => ['--cache-to', `type=local,dest=${dest}`, context] },
  { name: 'a directory, from git', args: ({ dest, git }) => ['-o', `type=local,dest=${dest}`, git] },
  { name: 'a directory, from a changed context', args: (place) => local.args(place) },
];

/** A context that takes a moment to send, to build and to export, and a repository of the same. */
export interface Stage {
  readonly dir: string;
  readonly git: string;
  close(): void;
}

export async function prepare(engine: Engine): Promise<Stage> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-interrupts-'));
  const context = path.join(dir, 'context');
  mkdirSync(context);
  const base = await engine.baseImage();
  writeFileSync(
    path.join(context, 'Dockerfile'),
    `FROM ${base} AS made\nARG CASE\nRUN echo $CASE; for i in $(seq 200); do head -c 20000 /dev/urandom > /made-$i; done; mkdir /all; mv /made-* /all\n` +
      'FROM scratch\nCOPY . /context\nCOPY --from=made /all /all\n',
  );
  for (let i = 0; i < 300; i++) writeFileSync(path.join(context, `file-${i}`), Buffer.alloc(30_000, i));
  const run = (...args: string[]) => execFileSync('git', args, { cwd: context, stdio: 'ignore' });
  const repository = path.join(dir, 'git/context.git');
  run('init', '-q', '-b', 'main');
  run('add', '.');
  run('-c', 'user.name=n', '-c', 'user.email=e', 'commit', '-q', '-m', 'all');
  run('clone', '-q', '--bare', context, repository);
  rmSync(path.join(context, '.git'), { recursive: true });
  const port = 20_000 + (process.pid % 20_000);
  const basePath = path.join(dir, 'git');
  const server = engine.serve('git', ['daemon', '--export-all', '--reuseaddr', '--listen=127.0.0.1', `--port=${port}`, `--base-path=${basePath}`]); // biome-ignore format: a command
  return {
    dir,
    git: `git://127.0.0.1:${port}/context.git#main`,
    close() {
      server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; signal: string | null; stderr: string }>;
}

function start(engine: Engine, shape: Shape, stage: Stage, place: { dest: string; tmp: string; id: string }): Run {
  const context = path.join(stage.dir, 'context');
  const given = shape.args({ context, dest: place.dest, git: stage.git });
  const args = [cli, 'build', '--progress=plain', '--build-arg', `CASE=${place.id}`, ...given];
  const env = { ...process.env, ...engine.env, TMPDIR: place.tmp, [marker]: place.id };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Awaited<Run['ended']>>((resolve) =>
    child.on('close', (status, signal) => resolve({ status, signal, stderr })),
  );
  return { child, ended };
}

/** How many milliseconds a build takes that nobody ends: moments are chosen from these. Fails unless it succeeds. */
export async function measure(engine: Engine, shape: Shape, stage: Stage): Promise<number> {
  const dir = mkdtempSync(path.join(stage.dir, 'whole-'));
  const begin = performance.now();
  const { ended } = start(engine, shape, stage, {
    dest: path.join(dir, 'dest'),
    tmp: tmpdir(),
    id: `whole-${begin}`,
  });
  const { status, stderr } = await ended;
  expect(status, stderr).toBe(0);
  const took = performance.now() - begin;
  expectWhole(path.join(dir, 'dest'));
  rmSync(dir, { recursive: true });
  return took;
}

/** Ends a build `after` so many milliseconds, and checks all that must be true then. Returns whether it was in time. */
export async function interrupt(
  engine: Engine,
  shape: Shape,
  stage: Stage,
  { signal, after, id }: { signal: Signal; after: number; id: string },
): Promise<boolean> {
  const dir = mkdtempSync(path.join(stage.dir, 'case-'));
  const tmp = path.join(dir, 'tmp');
  const beside = path.join(dir, 'out');
  for (const each of [tmp, path.join(beside, 'mine')]) mkdirSync(each, { recursive: true });
  for (const name of ['file', 'mine/file']) writeFileSync(path.join(beside, name), 'mine');
  const dest = path.join(beside, 'dest');
  const before = snapshot(beside);

  const { child, ended } = start(engine, shape, stage, { dest, tmp, id });
  const timer = setTimeout(() => child.kill(signal), after);
  const { status, signal: died, stderr } = await ended;
  clearTimeout(timer);

  // It may have been ended before it could listen, or too late; one that waits for a file ends itself by the signal.
  if (stderr !== '' || died === null)
    expect([0, codes[signal]], stderr).toContain(died === signal ? codes[signal] : status);
  expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+|Unhandled|node:internal/);
  expect(readdirSync(tmp), `left in TMPDIR: ${stderr}`).toEqual([]);
  expect(snapshot(beside, 'dest')).toEqual(before);
  if (status === 0) expectWhole(dest);
  else if (existsSync(dest))
    expect(statSync(dest).isDirectory() ? readdirSync(dest) : dest, 'half of an output').toEqual([]);
  await expect.poll(() => processesOf(id), { timeout: 30_000 }).toEqual([]);
  rmSync(dir, { recursive: true });
  return status !== 0;
}

function expectWhole(dest: string): void {
  if (statSync(dest).isFile()) {
    const names = execFileSync('tar', ['-tf', dest], { encoding: 'utf8', maxBuffer: 1 << 26 });
    expect(names).toMatch(/all\/made-200|index\.json/);
  } else if (existsSync(path.join(dest, 'index.json'))) {
    const { manifests } = JSON.parse(readFileSync(path.join(dest, 'index.json'), 'utf8'));
    for (const { digest } of manifests)
      expect(existsSync(path.join(dest, 'blobs', digest.replace(':', '/')))).toBe(true);
  } else {
    expect(readdirSync(path.join(dest, 'all'))).toHaveLength(200);
    expect(readdirSync(path.join(dest, 'context')).length).toBeGreaterThan(300);
  }
}

/** The processes that a build started: they have its environment. */
function processesOf(id: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`${marker}=${id}`);
      } catch {
        return false; // it has ended, or is another user's
      }
    });
}
