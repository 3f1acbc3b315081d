/** Times of commands as a user starts them, with those of the programs that they start. Needs bash. */
import { spawnSync } from 'node:child_process';

/** In seconds. */
export interface CommandTimes {
  /** CPU time of user and system. */
  readonly cpu: number;
  readonly wall: number;
}

/** Where a command runs. */
export interface CommandPlace {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

// The report of `time` goes to the output, and what the command complains about to a descriptor of its own.
const timed = `TIMEFORMAT='%U %S %R'; { time "$@" > /dev/null 2>&3; } 2>&1`;

/** Runs a command, without its output. @throws Error if it fails */
export function timeCommand(command: readonly string[], { cwd, env = process.env }: CommandPlace): CommandTimes {
  const { status, stdout, output } = spawnSync('bash', ['-c', timed, 'bash', ...command], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${output[3]}`);
  const [user = 0, system = 0, wall = 0] = stdout.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { cpu: user + system, wall };
}

/** The value in the middle. */
export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Prints rows as a table; numbers stand to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [head, ...rows.map((row) => row.map((it) => (typeof it === 'number' ? it.toFixed(2) : it)))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  for (const [index, row] of cells.entries()) {
    const isText = (column: number) => typeof rows[Math.max(0, index - 1)]?.[column] === 'string';
    const padded = row.map((it, column) =>
      isText(column) ? it.padEnd(widths[column]!) : it.padStart(widths[column]!),
    );
    console.log(padded.join('  ').trimEnd());
  }
}
