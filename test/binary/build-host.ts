/** The engine's host with a script of a test instead of the frontend, and a library that evaluates what it gets. */
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';
import { expect } from 'vitest';
import type { Answer, Turn } from './program-script.ts';

const project = path.resolve(import.meta.dirname, '../..');
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

/** Makes the program in a directory, from a script beside this file; returns it. */
export async function buildHost(name: string, dir: string): Promise<string> {
  const script = path.join(dir, 'script.js');
  const entry = path.join(import.meta.dirname, name);
  await build({ entryPoints: [entry], bundle: true, outfile: script, platform: 'neutral', format: 'iife' });
  const builder = path.join(project, 'scripts/engine/build.mjs');
  const library = path.join(import.meta.dirname, 'library');
  const args = [builder, '--script', script, '--modules', library, '--output', dir, architecture];
  execFileSync(process.execPath, args, { stdio: 'pipe' });
  return path.join(dir, `frontend-${architecture}`);
}

/** Takes the turns in one process of program-script.ts, and returns its answers. */
export async function takeTurns(program: string, turns: readonly Turn[]): Promise<readonly Answer[]> {
  const child = spawn(program, { env: {}, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(turns.map((turn) => `${JSON.stringify(turn)}\n`).join(''));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (output.split('\n').length > turns.length) child.stdin.end();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(0);
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
