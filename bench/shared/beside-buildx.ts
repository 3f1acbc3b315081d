/** What compares builds with `docker buildx build` on the same engine. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ends the benchmark with a message if there is no engine or no buildx. */
export function requireBuildx(): void {
  if (process.env['DOCKER_HOST'] && !spawnSync('docker-buildx', ['version']).error) return;
  console.log('skipped: set DOCKER_HOST, and have docker-buildx in PATH (npm run engine -- start forky prints both)');
  process.exit();
}

/** What a program has taken. */
export interface Measured {
  readonly seconds: number;
  readonly cpu: number;
  /** Largest resident size in MB. */
  readonly peak: number;
}

/** Runs a program to its end. @throws Error with what it has said last if it fails */
export async function measure(command: string, args: readonly string[]): Promise<Measured> {
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

/** The programs in the order of a round: each begins every other one. */
export const inTurn = (round: number) =>
  round % 2 ? (['buildx', 'tsfront'] as const) : (['tsfront', 'buildx'] as const);

/** The value in the middle. */
export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** The medians of several runs, as text. */
export const show = (all: readonly Measured[]) => {
  const middle = (key: keyof Measured) => median(all.map((it) => it[key]));
  return `${middle('seconds').toFixed(2)} s, ${middle('cpu').toFixed(2)} s CPU, ${middle('peak').toFixed(0)} MB`;
};
