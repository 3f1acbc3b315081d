/**
 * How long the commands take that answer questions about a build, on a Dockerfile of 5,000 lines and a context of
 * 20,000 files: each command as a user starts it, beside `tsfront compile` of the same build. The first run of each
 * warms the caches and is not counted.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const rounds = Number(process.argv[2] ?? 5);
const cli = path.resolve(import.meta.dirname, '../dist/cli.js');
const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));

function writeContext(): void {
  for (let i = 0; i < 20_000; i++) {
    const directory = path.join(dir, `d${i % 200}`);
    if (i < 200) mkdirSync(directory);
    writeFileSync(path.join(directory, `f${i}`), 'x'.repeat(1000));
  }
  const lines = ['FROM scratch'];
  for (let i = 0; i < 2500; i++) lines.push(`COPY d${i % 200}/f${i} /files/${i}`);
  for (let i = 0; i < 1249; i++)
    lines.push(`COPY d${i % 200} /folders/${i}`, `COPY --exclude=*9 d${i % 200} /parts/${i}`);
  lines.push('COPY . /all');
  writeFileSync(path.join(dir, 'Dockerfile'), `${lines.join('\n')}\n`);
  // Each RUN has all variables before it.
  const steps = Array.from({ length: 1650 }, (_, i) => `ENV V${i}=value-${i}\nRUN step ${i}`);
  writeFileSync(path.join(dir, 'Steps'), `FROM scratch\n${steps.join('\n')}\n`);
  writeFileSync(
    path.join(dir, '.dockerignore'),
    'record.json\nsteps.json\n.git\n**/node_modules\n**/*.log\nd3/*7\n!d3/f7\n',
  );
}

function seconds(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: dir, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

function git(...args: readonly string[]): void {
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com', '-c', 'commit.gpgsign=false'];
  const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: dir, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
}

const commands = [
  ['compile', '--offline', '--format', 'tree'],
  ['context', '--offline'],
  ['context', '--offline', '--format', 'json'],
  ['context', '--offline', '--suggest'],
  ['explain', '--offline', '--from', 'record.json'],
  ['explain', '--offline', '--from', 'HEAD'],
  ['explain', '--offline', '--file', 'Steps', '--from', 'steps.json'],
];

try {
  writeContext();
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'all');
  seconds(['explain', '--offline', '--from', '.', '--record', 'record.json']);
  seconds(['explain', '--offline', '--file', 'Steps', '--from', '.', '--record', 'steps.json']);
  for (const args of commands) seconds(args);
  const times = commands.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, args] of commands.entries()) times[i]!.push(seconds(args));
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
  for (const [i, args] of commands.entries())
    console.log(`${`tsfront ${args.join(' ')}`.padEnd(60)} ${median(times[i]!).toFixed(2)} s`);
} finally {
  rmSync(dir, { recursive: true });
}
