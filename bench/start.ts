/**
 * What a frontend's start costs: CPU time from the process to the answer of its first call, resident memory, and the size
 * of the image. `node bench/start.ts [COMMAND…]` measures another frontend in the same way.
 *
 * The CPU time is the least of several starts, so that a busy machine does not count.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { goldenNames, readCase } from '../test/golden/cases.ts';
import { startFrontend } from '../test/golden/start.ts';

const project = path.resolve(import.meta.dirname, '..');
const starts = 15;
const name = goldenNames().find((other) => other.startsWith('realistic/'))!;
const typical = readCase(name);

interface Start {
  /** Milliseconds. */
  readonly cpuToFirstAnswer: number;
  readonly cpuOfBuild: number;
  /** Megabytes. */
  readonly residentAtFirstAnswer: number;
  readonly residentAtEnd: number;
}

/** CPU time of all threads, in milliseconds. */
function cpuTime(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const running = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return running.reduce((sum, time) => sum + time, 0) / 1e6;
}

/** Resident megabytes, now or at the most. */
function resident(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)![1]) / 1024;
}

/** Starts a frontend as BuildKit does, and answers it until it is done. */
async function start(command: readonly string[]): Promise<Start> {
  const measured: { -readonly [K in keyof Start]?: number } = {};
  let calls = 0;
  await startFrontend(command, typical, (method, pid) => {
    if (++calls === 2) {
      measured.cpuToFirstAnswer = cpuTime(pid);
      measured.residentAtFirstAnswer = resident(pid, 'VmRSS');
    }
    if (method === 'Return') {
      measured.cpuOfBuild = cpuTime(pid);
      measured.residentAtEnd = resident(pid, 'VmHWM');
    }
  });
  return measured as Start;
}

async function report(title: string, command: readonly string[]): Promise<void> {
  const all: Start[] = [];
  for (let n = 0; n < starts; n++) all.push(await start(command));
  const least = (field: keyof Start) => Math.min(...all.map((one) => one[field])).toFixed(0);
  console.log(
    `${title}: ${least('cpuToFirstAnswer')} ms CPU to the first answer, ${least('cpuOfBuild')} ms for ${name}; ` +
      `${least('residentAtFirstAnswer')} MB resident then, ${least('residentAtEnd')} MB at most`,
  );
}

const given = process.argv.slice(2);
if (given.length > 0) {
  await report(given.join(' '), given);
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
  try {
    const layout = path.join(folder, 'layout');
    const platform = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
    const args = ['scripts/image.mjs', '--platform', platform, '--output', layout];
    spawnSync(process.execPath, args, { cwd: project, stdio: 'inherit' });
    const root = path.join(folder, 'root');
    spawnSync('mkdir', [root]);
    for (const blob of readdirSync(path.join(layout, 'blobs/sha256'))) {
      const file = path.join(layout, 'blobs/sha256', blob);
      if (statSync(file).size > 100_000) spawnSync('tar', ['-xzf', file, '-C', root]);
    }
    const node = path.join(root, 'bin/node');
    await report('the image', [node, '--snapshot-blob', path.join(root, 'frontend.blob')]);
    await report('dist/frontend.js', [process.execPath, path.join(project, 'dist/frontend.js')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
