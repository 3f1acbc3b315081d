/**
 * How long the commands take that answer questions about a build, on a Dockerfile of 5,000 lines and a context of
 * 20,000 files: each command as a user starts it, with the programs that it starts. The files are COPY of all kinds
 * (`Dockerfile`), ENV and RUN (`Steps`), and both (`Mixed`). The first run of each warms the caches and is not counted.
 * What is printed are the least CPU time (user and system), which other work on the machine disturbs the least, the
 * least time, and the CPU time as a multiple of that of `git status` in the same run.
 *
 *   node bench/answers.ts [ROUNDS [WORD]]
 *
 * WORD selects the commands that have it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { type CommandTimes, printTable, timeCommand } from './shared/command-times.ts';

const rounds = Number(process.argv[2] ?? 5);
const word = process.argv[3] ?? '';
const cli = path.resolve(import.meta.dirname, '../dist/cli.js');
const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
const project = path.join(dir, 'project');
const env = { ...process.env, XDG_CACHE_HOME: path.join(dir, 'cache') };

/** @param content of all files, and a part of the values of variables */
function writeProject(content: string): void {
  for (let i = 0; i < 20_000; i++) {
    const directory = path.join(project, `d${i % 200}`);
    if (i < 200) mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `f${i}`), content.repeat(1000));
  }
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(path.join(project, name), ['FROM scratch', ...lines, ''].join('\n'));
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  write('Dockerfile', [
    ...numbers(2500).map((i) => `COPY d${i % 200}/f${i} /files/${i}`),
    ...numbers(1249).flatMap((i) => [
      `COPY d${i % 200} /directories/${i}`,
      `COPY --exclude=*9 d${i % 200} /parts/${i}`,
    ]),
    'COPY . /all',
  ]);
  // Each RUN has all variables before it.
  write(
    'Steps',
    numbers(1650).flatMap((i) => [`ENV V${i}=${content}-${i}`, `RUN step ${i}`]),
  );
  write(
    'Mixed',
    numbers(1666).flatMap((i) => [`ENV V${i}=${content}-${i}`, `COPY d${i % 200} /mixed/${i}`, `RUN step ${i}`]),
  );
  writeFileSync(
    path.join(project, '.dockerignore'),
    'Dockerfile.lock\n.git\n**/node_modules\n**/*.log\nd3/*7\n!d3/f7\n',
  );
}

const run = (...args: readonly string[]): CommandTimes =>
  timeCommand([process.execPath, cli, ...args], { cwd: project, env });

function git(...args: readonly string[]): void {
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com', '-c', 'commit.gpgsign=false'];
  const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: project, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
}

const files = ['Dockerfile', 'Steps', 'Mixed'];
const record = (age: 'same' | 'old', file: string) => path.join(dir, `${age}-${file}.json`);
const writeRecords = (age: 'same' | 'old') => {
  for (const file of files) run('explain', '--offline', '--file', file, '--from', '.', '--record', record(age, file));
};

const ofEach = (...args: readonly string[]) => files.map((file) => [...args, '--file', file]);
const commands: readonly (readonly string[])[] = [
  ...ofEach('compile', '--offline'),
  ['compile', '--offline', '--format', 'tree'],
  ['context', '--offline'],
  ['context', '--offline', '--format', 'json'],
  ['context', '--offline', '--suggest'],
  ['lock', '--offline', '--check'],
  ...ofEach('graph', '--offline', '--format', 'mermaid'),
  ...ofEach('graph', '--offline', '--format', 'html'),
  // Without a record of a build, the older build is that of HEAD.
  ...ofEach('explain', '--offline'),
  ...files.map((file) => ['explain', '--offline', '--file', file, '--from', record('same', file)]),
  // Every step has causes.
  ...files.map((file) => ['explain', '--offline', '--file', file, '--from', record('old', file)]),
].filter((args) => args.join(' ').includes(word));

try {
  mkdirSync(project);
  writeProject('o');
  writeRecords('old');
  writeProject('n');
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'all');
  await after(3000); // digests are kept of files that are at rest
  writeRecords('same');
  run('lock', '--offline');
  for (const args of commands) run(...args);
  const times = commands.map((): CommandTimes[] => []);
  const status: CommandTimes[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, args] of commands.entries()) times[i]!.push(run(...args));
    for (let i = 0; i < 5; i++) status.push(timeCommand(['git', 'status'], { cwd: project }));
  }
  const least = (all: readonly CommandTimes[], time: keyof CommandTimes) => Math.min(...all.map((it) => it[time]));
  const row = (name: string, all: readonly CommandTimes[]) => [
    name,
    least(all, 'cpu'),
    least(all, 'wall'),
    least(all, 'cpu') / least(status, 'cpu'),
  ];
  printTable(
    ['command', 'CPU s', 'wall s', 'git status'],
    [
      row('git status', status),
      ...commands.map((args, i) => row(`tsfront ${args.map((it) => it.replace(`${dir}/`, '')).join(' ')}`, times[i]!)),
    ],
  );
} finally {
  rmSync(dir, { recursive: true });
}
