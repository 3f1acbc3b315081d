// Compares how fast a directory export arrives with `docker buildx build` on the same engine: many empty files, many
// small ones, larger ones, many directories, and once more over what is there. The steps are cached, so that an export
// is all that happens. The two take turns, each begins every other round, and what is compared are the medians. Needs
// DOCKER_HOST, docker-buildx in PATH and the image of BASE (localhost:5000/test/base:1), as
// `npm run engine -- start forky` prints and the end-to-end tests make.
//
//   node bench/export.ts [ROUNDS [DIRECTORIES [NAME]]]
//
// DIRECTORIES is a hundred by default, fewer on a slow machine; NAME selects one comparison.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inTurn, type Measured, measure, median, requireBuildx, show } from './shared/beside-buildx.ts';

requireBuildx();
const rounds = Number(process.argv[2] ?? 5);
const directories = Number(process.argv[3] ?? 100);
const only = process.argv[4];
const base = process.env['BASE'] || 'localhost:5000/test/base:1';
const cli = path.join(import.meta.dirname, '../dist/cli.js');

spawnSync(process.execPath, [path.join(import.meta.dirname, '../scripts/build.mjs')], { stdio: 'inherit' });

const programs = {
  tsfront: (context: string, dest: string) => {
    const args = ['build', '--frontend=dockerfile.v0', '--progress=quiet', `--output=type=local,dest=${dest}`, context];
    return measure(process.execPath, [cli, ...args]);
  },
  buildx: (context: string, dest: string) =>
    measure('docker-buildx', ['build', '-q', `--output=type=local,dest=${dest}`, context]),
};

/** @param again whether the destination has the export already */
async function compare(name: string, script: string, again = false): Promise<void> {
  if (only !== undefined && only !== name) return;
  const root = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
  try {
    const context = path.join(root, 'context');
    mkdirSync(context);
    writeFileSync(
      path.join(context, 'Dockerfile'),
      `FROM ${base} AS b\nRUN mkdir /o && cd /o && ${script}\nFROM scratch\nCOPY --from=b /o /\n`,
    );
    spawnSync('docker-buildx', ['build', '-q', '--output=type=cacheonly', context], { stdio: 'inherit' });
    const results = { tsfront: [] as Measured[], buildx: [] as Measured[] };
    for (let round = 0; round < rounds; round++)
      for (const program of inTurn(round)) {
        const dest = path.join(root, 'out');
        if (again) await programs.buildx(context, dest);
        spawnSync('sync');
        results[program].push(await programs[program](context, dest));
        rmSync(dest, { recursive: true });
        spawnSync('sync');
      }
    const [ours, theirs] = [results.tsfront, results.buildx].map((all) => median(all.map(({ seconds }) => seconds)));
    console.log(`${name}\n  tsfront  ${show(results.tsfront)}\n  buildx   ${show(results.buildx)}`);
    console.log(`  ratio    ${(ours! / theirs!).toFixed(2)} (at most 1.2 of buildx's time)`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs `make` in each directory. */
const inDirectories = (make: string) =>
  `for d in $(seq 1 ${directories}); do mkdir /o/d$d && cd /o/d$d && ${make} || exit 1; done`;
const names = (count: number) => `seq 1 ${count} | sed s/^/f/`;
const filled = (count: number, bytes: number) =>
  `head -c ${bytes} /dev/urandom > /tmp/x && ${names(count)} | xargs -n 1 cp /tmp/x`;
const shown = (perDirectory: number) => (directories * perDirectory).toLocaleString('en');

await compare(`${shown(1000)} empty files`, inDirectories(`${names(1000)} | xargs touch`));
await compare(`${shown(1000)} empty files in one directory`, `${names(directories * 1000)} | xargs touch`);
await compare(`${shown(1000)} files of 20 bytes`, inDirectories(filled(1000, 20)));
await compare(`${shown(100)} files of 10 kB`, inDirectories(filled(100, 10_000)));
const nested = `${names(300)} | xargs mkdir && ${names(300)} | sed s,$,/f, | xargs touch`;
await compare(`${shown(300)} directories with a file each`, inDirectories(nested));
await compare(`${shown(100)} files of 10 kB over what is there`, inDirectories(filled(100, 10_000)), true);
