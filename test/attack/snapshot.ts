/** What a directory holds, in a form that two moments can be compared by. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Every entry below `dir` with its kind, mode, owner, inode and link, all but directories with their time, files with
 * the beginning of their contents. A directory's time changes with every temporary file in it.
 */
export function snapshot(dir: string, ...without: string[]): string[] {
  const format = ['-printf', '%P\\t%y\\t%m\\t%U:%G\\t%i\\t%l'];
  const time = ['(', '-type', 'd', '-o', '-printf', '\\t%T@', ')', '-printf', '\\0'];
  const list = execFileSync('find', [dir, ...format, ...time], { encoding: 'latin1', maxBuffer: 1 << 28 });
  const entries = list
    .split('\0')
    .filter(Boolean)
    .map((line) => ({ line, name: line.split('\t')[0]! }));
  return entries
    .filter(({ name }) => !without.some((skipped) => name === skipped || name.startsWith(`${skipped}/`)))
    .map(({ line, name }) => (line.split('\t')[1] === 'f' ? `${line}\t${beginning(path.join(dir, name))}` : line))
    .sort();
}

function beginning(file: string): string {
  return readFileSync(Buffer.from(file, 'latin1')).toString('latin1').slice(0, 200);
}
