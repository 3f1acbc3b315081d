// Compares how fast a build context reaches the daemon with `docker buildx build` on the same engine: 500 MB in a few
// files, and 20,000 small ones; then whether three times as much takes more memory. The two take turns, each begins
// every other round, and what is compared are the medians. Needs DOCKER_HOST and docker-buildx in PATH, as
// `npm run engine -- start forky` prints.
//
//   node bench/context.ts [ROUNDS]
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, prune } from '../src/client/index.ts';
import { inTurn, type Measured, measure, median, requireBuildx, show } from './shared/beside-buildx.ts';

requireBuildx();
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

async function compare(name: string, fill: Fill): Promise<readonly Measured[]> {
  return inContext(fill, async (dir) => {
    const results = { tsfront: [] as Measured[], buildx: [] as Measured[] };
    for (let round = 0; round < rounds; round++)
      for (const program of inTurn(round)) {
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
