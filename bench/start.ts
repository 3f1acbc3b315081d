/**
 * What a frontend's start costs: CPU time from the process to the answer of its first call, resident memory, and the size
 * of the image; the same of Docker's own frontend where the engine of DOCKER_HOST has its image; and how long a cached
 * build takes by the one and by the other. `node bench/start.ts [COMMAND…]` measures another frontend in the same way.
 *
 * The CPU time is the least of several starts, so that a busy machine does not count; the memory at most is the most of
 * all of them. What the image aims at is printed with it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pushLayout } from '../scripts/image/push.mjs';
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
  const peak = Math.max(...all.map(({ residentAtEnd }) => residentAtEnd)).toFixed(0);
  console.log(
    `${title}: ${least('cpuToFirstAnswer')} ms CPU to the first answer, ${least('cpuOfBuild')} ms for ${name}; ` +
      `${least('residentAtFirstAnswer')} MB resident then, ${peak} MB at most`,
  );
}

/** A command's output, or undefined where it fails or is not there. */
function output(command: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return status === 0 ? stdout.trim() : undefined;
}

/** The name of Docker's own frontend, where an engine has it as an image. */
function findDockersOwn(): string | undefined {
  const images = output('docker', 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}')?.split('\n') ?? [];
  return images.find((image) => /(^|\/)docker\/dockerfile(-upstream)?:/.test(image));
}

/** Docker's own frontend, measured in the same way. */
async function reportDockersOwn(folder: string, image: string): Promise<void> {
  const root = path.join(folder, 'docker');
  const archive = path.join(folder, 'docker.tar');
  const container = output('docker', 'create', image)!;
  output('docker', 'export', '-o', archive, container);
  output('docker', 'rm', container);
  mkdirSync(root);
  output('tar', '-xf', archive, '-C', root);
  const [entry, ...args] = JSON.parse(
    output('docker', 'image', 'inspect', '-f', '{{json .Config.Entrypoint}}', image)!,
  );
  const size = gzipSync(readFileSync(archive), { level: 9 }).length;
  console.log(`${image}: ${(size / 1e6).toFixed(1)} MB compressed (gzip)`);
  await report(image, [path.join(root, entry), ...args]);
}

/** The wall time of one build whose steps are all cached, by each frontend there is. */
async function compareBuilds(folder: string, layout: string, dockersOwn: string | undefined): Promise<void> {
  const registry = process.env['ENGINE_REGISTRY'];
  if (!registry || output('docker', 'buildx', 'version') === undefined)
    return console.log('skipped: cached builds, for which `npm run engine -- start forky` prints what to set');
  const ours = `${registry}/tsfront:bench`;
  await pushLayout(layout, ours);
  const stages = Array.from({ length: 10 }, (_, i) => `FROM scratch AS s${i}\nARG A=${i}\nENV B=$A\nCOPY file /${i}\n`);
  const copies = stages.map((_, i) => `COPY --from=s${i} /${i} /all/\n`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'file'), 'contents');
  const frontends: [string, string][] = [
    ['the frontend in the engine', '# no syntax line'],
    ['our image', `# syntax=${ours}`],
    ...(dockersOwn ? [[dockersOwn, `# syntax=${dockersOwn}`] as [string, string]] : []),
  ];
  const build = (line: string) => {
    writeFileSync(path.join(folder, 'Dockerfile'), [line, '\n', ...stages, 'FROM scratch\n', ...copies].join(''));
    const start = performance.now();
    const built = output('docker', 'buildx', 'build', '-q', '--provenance=false', '-o', 'type=cacheonly', folder);
    if (built === undefined) throw new Error(`the build with "${line}" failed`);
    return performance.now() - start;
  };
  const times = frontends.map(() => [] as number[]);
  for (let round = 0; round <= starts; round++)
    for (const [i, [, line]] of frontends.entries()) {
      const time = build(line);
      if (round > 0) times[i]!.push(time); // the first fills the cache
    }
  const medians = times.map((all) => all.sort((a, b) => a - b)[all.length >> 1]!.toFixed(0));
  const parts = frontends.map(([title], i) => `${medians[i]} ms by ${title}`);
  console.log(`a cached build of 11 stages, docker's start and all: ${parts.join(', ')}`);
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
    console.log('aims: at most 130 ms CPU to the first answer, 60 MB resident, 32 MB compressed');
    await report('the image', [node, '--snapshot-blob', path.join(root, 'frontend.blob')]);
    await report('dist/frontend.js', [process.execPath, path.join(project, 'dist/frontend.js')]);
    const dockersOwn = findDockersOwn();
    if (dockersOwn) await reportDockersOwn(folder, dockersOwn);
    else console.log("skipped: Docker's own frontend, for there is no engine with an image docker/dockerfile");
    await compareBuilds(path.join(folder, 'build'), layout, dockersOwn);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
