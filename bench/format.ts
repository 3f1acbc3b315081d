/**
 * How long formatting takes: CPU time of the library for files of 5,000 to 80,000 lines, which must grow with them and
 * not faster, and `tsfront fmt --check` and `--diff` of 5,000 lines as a user starts them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatDockerfile } from '../src/format/index.ts';
import { cpuTime, keepResults } from './results.ts';

/** Lines of all forms, none of them formatted. */
const stage = `from  alpine   as  s
run   apk add \\
  a   b \\
      c
env  A b
ENV A=1   B=2 \\
  C=3

copy   --chown=1:1  a   b \\
   /c
cmd  [ "a","b" ]
RUN <<EOF
  x
EOF
  # why
healthcheck  --interval=5s   cmd  x
label  a   "b c"


`;
const stageLines = stage.split('\n').length - 1;
const fileOf = (lines: number) => stage.repeat(Math.ceil(lines / stageLines));

const kept = new Map<string, number>();
for (const lines of [5000, 20_000, 80_000]) {
  const text = fileOf(lines);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const start = cpuTime();
    formatDockerfile(text);
    best = Math.min(best, cpuTime() - start);
  }
  kept.set(`${lines} lines`, best);
  console.log(
    `${String(lines).padStart(6)} lines: ${best.toFixed(0)} ms, ${((best / lines) * 1000).toFixed(1)} µs a line`,
  );
}

const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
try {
  writeFileSync(path.join(dir, 'Dockerfile'), fileOf(5000));
  const cli = path.resolve(import.meta.dirname, '../dist/cli.js');
  for (const flag of ['--check', '--diff']) {
    const times: number[] = [];
    for (let round = 0; round < 6; round++) {
      const start = performance.now();
      spawnSync(process.execPath, [cli, 'fmt', flag], { cwd: dir, maxBuffer: 1 << 28 });
      times.push(performance.now() - start);
    }
    console.log(`tsfront fmt ${flag} of 5,000 lines: ${Math.min(...times).toFixed(0)} ms`);
  }
} finally {
  rmSync(dir, { recursive: true });
}
keepResults('format', kept);
