import { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildCommand } from '../../src/cli/build.ts';
import { duCommand } from '../../src/cli/daemon.ts';
import { processIo } from '../../src/cli/io.ts';
import { spellOut } from '../../src/cli/spell-out.ts';

const program = new Command('tsfront');
for (const create of [buildCommand, duCommand]) program.addCommand(create(processIo()));
const spelled = (...args: string[]) => spellOut(program, ['build', ...args]).slice(1);

test('flags have values as with docker', () => {
  expect(spelled('--push=false', '--load=T', '-q=true', '--no-cache=0', '--pull=1', '.')).toEqual([
    '--load',
    '-q',
    '--pull',
    '.',
  ]);
  expect(spelled('--no-cache=a,b', '--no-cache-filter', 'c', '--no-cache-filter=d', '--no-cache', '.')).toEqual([
    '--no-cache-filter=a,b',
    '--no-cache-filter',
    'c',
    '--no-cache-filter=d',
    '--no-cache',
    '.',
  ]);
  expect(spelled('-f=my file', '-t=a=b')).toEqual(['-f', 'my file', '-t', 'a=b']);
  expect(spellOut(program, ['du', '--json=true'])).toEqual(['du', '--json']);
});

test('an unknown flag is left alone, so that a name is suggested for it', () => {
  expect(spelled('--platfrom=linux/amd64', '.')).toEqual(['--platfrom', '.']);
});

test('what is no flag stays as it is', () => {
  for (const args of [
    ['--build-arg', '--push=false', '.'],
    ['--build-arg=X=-q=true', '.'],
    ['--target', '--no-cache-filter'],
    ['--label', '--', '--push', '--', '--push=false'],
    ['-f', '-q=false'],
    ['-qf', '--no-cache=x'],
    ['-fq', '.'],
    ['--push=maybe'],
    ['--', '--push=false', '--no-cache=a'],
  ])
    expect(spelled(...args)).toEqual(args);
  expect(spelled('-fq', '--push=true')).toEqual(['-fq', '--push']);
  expect(spellOut(program, ['history', 'rm', '--push=true'])).toEqual(['history', 'rm', '--push=true']);
});
