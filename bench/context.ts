// Compares how fast a build context reaches the daemon with `docker buildx build` on the same engine: 500 MB in a few
// files, and 20,000 small ones. Needs DOCKER_HOST and docker-buildx in PATH, as `npm run engine -- start forky` prints.
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
const rounds = Number(process.argv[2] ?? 3);
const cli = path.join(import.meta.dirname, '../dist/cli.js');

spawnSync(process.execPath, [path.join(import.meta.dirname, '../scripts/build.mjs')], { stdio: 'inherit' });

const scenarios: [string, (dir: string) => void][] = [
  [
    '500 MB in 5 files',
    (dir) => {
      for (let i = 0; i < 5; i++) writeFileSync(path.join(dir, `big-${i}`), randomBytes(100_000_000));
    },
  ],
  [
    '20,000 files of 1 kB',
    (dir) => {
      for (let i = 0; i < 20_000; i++) {
        const folder = path.join(dir, `d${i % 200}`);
        if (i < 200) mkdirSync(folder);
        writeFileSync(path.join(folder, `f${i}`), randomBytes(1000));
      }
    },
  ],
];

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
      // it has just ended
    }
  }, 20);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${complaint}`);
  return { seconds: (performance.now() - started) / 1000, cpu: ticks / 100, peak: peak / 1024 };
}

const connection = await connect();
const best = (all: readonly Measured[]) => all.reduce((a, b) => (b.seconds < a.seconds ? b : a));
const show = ({ seconds, cpu, peak }: Measured) =>
  `${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s CPU, ${peak.toFixed(0)} MB`;
for (const [name, fill] of scenarios) {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
  try {
    fill(dir);
    writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    const results = { tsfront: [] as Measured[], buildx: [] as Measured[] };
    for (let round = 0; round < rounds; round++) {
      for await (const _ of prune(connection, { all: true }));
      results.buildx.push(await measure('docker-buildx', ['build', '-q', '--output=type=cacheonly', dir]));
      for await (const _ of prune(connection, { all: true }));
      const args = ['build', '--frontend=dockerfile.v0', '--progress=quiet', '--output=type=cacheonly', dir];
      results.tsfront.push(await measure(process.execPath, [cli, ...args]));
    }
    const [ours, theirs] = [best(results.tsfront), best(results.buildx)];
    console.log(`${name}\n  tsfront  ${show(ours)}\n  buildx   ${show(theirs)}`);
    console.log(`  ratio    ${(theirs.seconds / ours.seconds).toFixed(2)} (at least 1.0 is as fast as buildx)`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
connection.close();
