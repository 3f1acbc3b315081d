/**
 * What the record costs that `tsfront build` keeps of each build: builds of an unchanged context that are cached, with
 * and without a record. The two take turns, and each begins every other round; what is printed are medians, the median
 * of the ratios of rounds, and how many records were ready before the build ended. Needs DOCKER_HOST, as
 * `npm run engine -- start forky` prints it. Other work on the machine disturbs the ratios of times: run it alone.
 *
 *   node bench/records.ts [ROUNDS]
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { type CommandTimes, median, printTable, timeCommand } from './shared/command-times.ts';

if (!process.env['DOCKER_HOST']) {
  console.log('skipped: set DOCKER_HOST (npm run engine -- start forky prints it)');
  process.exit();
}
const rounds = Number(process.argv[2] ?? 15);
const cli = path.resolve(import.meta.dirname, '../dist/cli.js');
const rows: (string | number)[][] = [];

for (const count of [20, 20_000]) {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
  try {
    const [context, cache] = [path.join(dir, 'context'), path.join(dir, 'cache')];
    for (let i = 0; i < count; i++) {
      const directory = path.join(context, `d${i % Math.min(200, count / 10)}`);
      mkdirSync(directory, { recursive: true });
      writeFileSync(path.join(directory, `f${i}`), `${count} ${i}\n`.repeat(100));
    }
    writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY . /all\nCOPY d0 /d0\n');
    await after(3000); // digests are kept of files that are at rest
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    const build = (...flags: readonly string[]) =>
      timeCommand([process.execPath, cli, 'build', '--progress', 'quiet', ...flags, '.'], { cwd: context, env });
    const builds = path.join(cache, 'tsfront/builds');
    const lastRecord = () =>
      Math.max(0, ...readdirSync(builds).map((name) => statSync(path.join(builds, name)).mtimeMs));
    build('--record', path.join(dir, 'record.json'));
    mkdirSync(builds, { recursive: true });
    for (let i = 0; i < 3; i++) build();
    const times: Record<'without' | 'with', CommandTimes[]> = { without: [], with: [] };
    let ready = 0;
    for (let round = 0; round < rounds; round++)
      for (const kind of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
        const before = lastRecord();
        times[kind].push(build(...(kind === 'without' ? ['--no-record'] : [])));
        if (lastRecord() > before) ready++;
      }
    const middle = (kind: 'without' | 'with', time: 'cpu' | 'wall') => median(times[kind].map((it) => it[time]));
    const ratio = (time: 'cpu' | 'wall') => median(times.with.map((it, i) => it[time] / times.without[i]![time]));
    rows.push([
      `${count} files`,
      middle('without', 'cpu'),
      middle('with', 'cpu'),
      ratio('cpu'),
      middle('without', 'wall'),
      middle('with', 'wall'),
      ratio('wall'),
      `${ready} of ${rounds}`,
    ]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
printTable(['', 'CPU s without', 'with', 'ratio', 'wall s without', 'with', 'ratio', 'records ready'], rows);
