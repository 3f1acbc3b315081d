// Compares how fast a build context reaches the daemon with `docker buildx build` on the same engine: 500 MB in a few
// files, and 20,000 small ones; then whether three times as much takes more memory. The two take turns, each begins
// every other round, and what is compared are the medians. Needs DOCKER_HOST and docker-buildx in PATH, as
// `npm run engine -- start forky` prints.
//
//   node bench/context.ts [ROUNDS]
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, prune } from '../src/client/index.ts';

if (!process.env['DOCKER_HOST'] || spawnSync('docker-buildx', ['version']).error) {
  console.log('skipped: set DOCKER_HOST, and have docker-buildx in PATH (npm run engine -- start forky prints both)');
  process.exit();
}
const rounds = Number(process.argv[2] ?? 5);
const cli = path.join(import.meta.dirname, '../dist/cli.js');

spawnSync(process.execPath, [path.join(import.meta.dirname, '../scripts/build.mjs')], { stdio: 'inherit' });

type Fill = (dir: string) => void;

const large =
  (files: number): Fill =>
  (dir) => {
    for (let i = 0; i < files; i++) writeFileSync(path.join(dir, `big-${i}`), randomBytes(100_000_000));
  };
const small: Fill = (dir) => {
  for (let i = 0; i < 20_000; i++) {
    const directory = path.join(dir, `d${i % 200}`);
    if (i < 200) mkdirSync(directory);
    writeFileSync(path.join(directory, `f${i}`), randomBytes(1000));
  }
};

interface Measured {
  readonly seconds: number;
  readonly cpu: number;
  /** Largest resident size in MB. */
  readonly peak: number;
}

async function measure(command: string, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const child = spawn('/usr/bin/env', [command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = (complaint + text).slice(-2000);
  });
  let peak = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0));
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      ticks = Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has just ended.
    }
  }, 20);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${complaint}`);
  return { seconds: (performance.now() - started) / 1000, cpu: ticks / 100, peak: peak / 1024 };
}

const connection = await connect();

/** Empties the cache. The daemon goes on deleting files for a while, which would be counted with the next build. */
async function settle(): Promise<void> {
  for await (const _ of prune(connection, { all: true }));
  spawnSync('sync');
  await new Promise((resolve) => setTimeout(resolve, 3000));
}

const programs = {
  tsfront: (dir: string) => {
    const args = ['build', '--frontend=dockerfile.v0', '--progress=quiet', '--output=type=cacheonly', dir];
    return measure(process.execPath, [cli, ...args]);
  },
  buildx: (dir: string) => measure('docker-buildx', ['build', '-q', '--output=type=cacheonly', dir]),
};

async function inContext<T>(fill: Fill, use: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
  try {
    fill(dir);
    writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    return await use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const show = (all: readonly Measured[]) => {
  const of = (key: keyof Measured) => median(all.map((it) => it[key]));
  return `${of('seconds').toFixed(2)} s, ${of('cpu').toFixed(2)} s CPU, ${of('peak').toFixed(0)} MB`;
};

async function compare(name: string, fill: Fill): Promise<readonly Measured[]> {
  return inContext(fill, async (dir) => {
    const results = { tsfront: [] as Measured[], buildx: [] as Measured[] };
    for (let round = 0; round < rounds; round++)
      for (const program of round % 2 ? (['buildx', 'tsfront'] as const) : (['tsfront', 'buildx'] as const)) {
        await settle();
        results[program].push(await programs[program](dir));
      }
    const [ours, theirs] = [results.tsfront, results.buildx].map((all) => median(all.map(({ seconds }) => seconds)));
    console.log(`${name}\n  tsfront  ${show(results.tsfront)}\n  buildx   ${show(results.buildx)}`);
    console.log(`  ratio    ${(theirs! / ours!).toFixed(2)} (at least 1.0 is as fast as buildx)`);
    return results.tsfront;
  });
}

const once = await compare('500 MB in 5 files', large(5));
const thrice = await inContext(large(15), async (dir) => {
  await settle();
  return programs.tsfront(dir);
});
const peak = median(once.map((it) => it.peak));
console.log(`1,500 MB in 15 files\n  tsfront  ${show([thrice])}`);
console.log(`  peak     ${(thrice.peak / peak).toFixed(2)} of that with 500 MB`);
await compare('20,000 files of 1 kB', small);
connection.close();
