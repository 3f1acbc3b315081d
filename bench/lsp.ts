/**
 * How long an editor waits for the language server, as it was built (`dist`): from the start of its process to the
 * answer of `initialize`, and from a keystroke to the problems of that version, in Dockerfiles of 50 and 5,000 lines.
 * Medians of wall times, in milliseconds. The aims are 300 ms and, warm, 100 ms.
 *
 *   node bench/lsp.ts [ROUNDS] [--compare|--save]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEditor } from '../test/lsp/client.ts';
import { keepResults } from './results.ts';
import { instructions } from './shared/dockerfiles.ts';

const rounds = Number(process.argv.slice(2).find((it) => !it.startsWith('--')) ?? 40);
const command = [path.join(import.meta.dirname, '../dist/cli.js'), 'lsp', '--stdio'];
const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const kept = new Map<string, number>();
const show = (what: string, values: readonly number[]) => {
  kept.set(what, median(values));
  console.log(
    `${what.padEnd(58)} median ${median(values).toFixed(1).padStart(7)} ms   worst ${Math.max(...values)
      .toFixed(1)
      .padStart(7)} ms`,
  );
};

async function start(): Promise<number> {
  const begin = performance.now();
  const editor = await startEditor({ command });
  const ms = performance.now() - begin;
  await editor.quit();
  return ms;
}

/** @param place part of the file, from 0 to 1, at which a word is typed letter by letter */
async function keystrokes(lines: number, place: number): Promise<number[]> {
  const editor = await startEditor({ command });
  const rows = instructions(lines, 'all').split('\n');
  rows.splice(Math.floor(rows.length * place), 0, 'RUN echo @');
  const document = await editor.open(path.join(dir, 'Dockerfile'), rows.join('\n'));
  const times: number[] = [];
  for (let round = 0; round < rounds + 10; round++) {
    const version = round + 2;
    const letter = 'abcdefghij'[round % 10]!;
    const begin = performance.now();
    await document.edit('@', `${letter}@`);
    while (!editor.published.some((it) => it.version === version)) await new Promise(setImmediate);
    if (round >= 10) times.push(performance.now() - begin);
    // As fast as a quick typist, so that analyses begin and are given up.
    await new Promise((resolve) => setTimeout(resolve, round % 5 === 4 ? 400 : 80));
  }
  await editor.quit();
  return times;
}

try {
  const starts: number[] = [];
  for (let round = 0; round < 15; round++) starts.push(await start());
  show('start to the answer of initialize', starts.slice(2));
  show('keystroke to problems, 50 lines', await keystrokes(50, 0.5));
  show('keystroke to problems, 5,000 lines, at the top', await keystrokes(5000, 0.001));
  show('keystroke to problems, 5,000 lines, in the middle', await keystrokes(5000, 0.5));
  show('keystroke to problems, 5,000 lines, at the end', await keystrokes(5000, 0.999));
  keepResults('lsp', kept);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
