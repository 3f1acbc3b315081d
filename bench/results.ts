/**
 * The committed results in bench/results. A result is a CPU time divided by that of a fixed piece of work in the same
 * run, so that it depends little on the machine and its load. `--save` writes the results, `--compare` prints how many
 * times slower each is now. Those of the language server are wall times, so they depend on the load too.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Times in milliseconds by what was measured. */
export type Times = ReadonlyMap<string, number>;

/** CPU time of this thread since its start, in milliseconds. */
export function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Shorter CPU times are not measured alone: the system accounts for them in steps of some milliseconds. */
const leastMs = 50;

/** Collects the CPU times of runs of the same work. */
export class CpuMeter {
  private best = Number.POSITIVE_INFINITY;
  private runs = 0;
  private sum = 0;

  /** Adds a run that took this time, in milliseconds. */
  add(ms: number): void {
    this.runs++;
    this.sum += ms;
    if (this.sum < leastMs) return;
    this.best = Math.min(this.best, this.sum / this.runs);
    this.runs = this.sum = 0;
  }

  /** The least time of a run, in milliseconds: the mean of successive runs if they are short. */
  result(): number {
    return Number.isFinite(this.best) ? this.best : this.sum / this.runs;
  }
}

/** CPU time of the fixed work in milliseconds. */
function fixedWork(): number {
  const meter = new CpuMeter();
  for (let run = 0; run < 150; run++) {
    const start = cpuTime();
    const words = Array.from({ length: 20_000 }, (_, i) => `word-${(i * 7919) % 20_011}`);
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word.slice(0, 7), (counts.get(word.slice(0, 7)) ?? 0) + word.length);
    words.sort();
    if (JSON.parse(JSON.stringify([...counts])).length === 0) throw new Error('unreachable');
    meter.add(cpuTime() - start);
  }
  return meter.result();
}

/**
 * Compares the times with the committed results (`--compare`), or writes them (`--save`). Saved results that were not
 * measured in this run are kept.
 * @param bench name of the benchmark
 */
export function keepResults(bench: string, times: Times, args: readonly string[] = process.argv.slice(2)): void {
  const file = path.join(import.meta.dirname, 'results', `${bench}.json`);
  const unit = fixedWork();
  const results = Object.fromEntries([...times].map(([name, time]) => [name, Number((time / unit).toPrecision(3))]));
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, number>>) : {};
  if (args.includes('--compare')) {
    console.log('\nTimes as multiples of a fixed piece of work: saved, now, and now / saved');
    for (const [name, now] of Object.entries(results)) {
      const saved = before[name];
      const ratio = saved === undefined ? 'new' : (now / saved).toFixed(2);
      console.log(
        `${name.padEnd(38)}${String(saved ?? '').padStart(10)}${String(now).padStart(10)}${ratio.padStart(8)}`,
      );
    }
  }
  if (!args.includes('--save')) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...before, ...results }, null, 2)}\n`);
}
