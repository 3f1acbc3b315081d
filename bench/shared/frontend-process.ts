/** What the process of a frontend costs, from its start to its result. */
import { readdirSync, readFileSync } from 'node:fs';
import type { GoldenCase } from '../../test/golden/cases.ts';
import { startFrontend } from '../../test/golden/start.ts';

export interface Cost {
  /** Milliseconds of CPU, of all threads, when its first call has been answered; and when it returns its result. */
  readonly cpuToFirstAnswer: number;
  readonly cpuOfBuild: number;
  /** Megabytes that were resident at the most. */
  readonly peak: number;
}

function cpuTime(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const running = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return running.reduce((sum, time) => sum + time, 0) / 1e6;
}

function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmHWM:\s+(\d+)/.exec(status)![1]) * 1024) / 1e6;
}

/** Starts a frontend as BuildKit does, and answers it until it is done. */
async function measureOnce(command: readonly string[], dockerfile: GoldenCase): Promise<Cost> {
  const cost = { cpuToFirstAnswer: 0, cpuOfBuild: 0, peak: 0 };
  let calls = 0;
  await startFrontend(command, dockerfile, (method, pid) => {
    if (++calls === 2) cost.cpuToFirstAnswer = cpuTime(pid);
    if (method === 'Return') Object.assign(cost, { cpuOfBuild: cpuTime(pid), peak: peakMemory(pid) });
  });
  return cost;
}

/**
 * Measures several frontends in turns, so that the load of the machine is the same for all.
 * @returns for each the least time, so that a busy machine does not count, and the most memory
 */
export async function measure(
  commands: readonly (readonly string[])[],
  dockerfile: GoldenCase,
  rounds: number,
): Promise<readonly Cost[]> {
  const all = commands.map(() => [] as Cost[]);
  for (let round = 0; round < rounds; round++)
    for (const [i, command] of commands.entries()) all[i]!.push(await measureOnce(command, dockerfile));
  return all.map((costs) => ({
    cpuToFirstAnswer: Math.min(...costs.map((cost) => cost.cpuToFirstAnswer)),
    cpuOfBuild: Math.min(...costs.map((cost) => cost.cpuOfBuild)),
    peak: Math.max(...costs.map((cost) => cost.peak)),
  }));
}
