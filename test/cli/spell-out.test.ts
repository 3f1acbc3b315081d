import { Command } from '@commander-js/extra-typings';
import { expect, test } from 'vitest';
import { buildCommand } from '../../src/cli/commands/build.ts';
import { duCommand } from '../../src/cli/commands/du.ts';
import { historyCommand } from '../../src/cli/commands/history.ts';
import { spellOut } from '../../src/cli/options/spell-out.ts';
import { processIo } from '../../src/cli/process-io.ts';

const program = new Command('tsfront');
const io = processIo();
program.addCommand(buildCommand(io)).addCommand(duCommand(io)).addCommand(historyCommand(io));
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

test('what buildx takes before its commands goes after them', () => {
  expect(spellOut(program, ['--builder', 'b', '-D', 'build', '-q', '.'])).toEqual([
    'build',
    '--builder',
    'b',
    '-D',
    '-q',
    '.',
  ]);
  expect(spellOut(program, ['--builder=b', 'du', '--json'])).toEqual(['du', '--builder=b', '--json']);
  expect(spellOut(program, ['--builder', 'b', 'history', 'ls', 'x'])).toEqual(['history', 'ls', '--builder', 'b', 'x']);
  // The parser refuses these.
  for (const args of [
    ['--builder', 'b'],
    ['-D', 'du'],
    ['--push', 'build', '.'],
    ['--builder', 'build', '.'],
  ])
    expect(spellOut(program, args)).toEqual(args);
});

test('an unknown flag is left alone, so that a name is suggested for it', () => {
  expect(spelled('--platfrom=linux/amd64', '.')).toEqual(['--platfrom', '.']);
});

test('what is not a flag stays as it is', () => {
  for (const args of [
    ['--build-arg', '--push=false', '.'],
    ['--build-arg=X=-q=true', '.'],
    ['--target', '--no-cache-filter'],
    ['--label', '--', '--push', '--', '--push=false'],
    ['-f', '-q=false'],
    ['-qf', '--no-cache=x'],
    ['-fq', '.'],
    ['--', '--push=false', '--no-cache=a'],
  ])
    expect(spelled(...args)).toEqual(args);
  expect(spelled('-fq', '--push=true')).toEqual(['-fq', '--push']);
  expect(spellOut(program, ['history', 'rm', '--push=true'])).toEqual(['history', 'rm', '--push=true']);
});

test.each([
  ['--push=maybe', 'invalid value "maybe" for --push: it is true or false, and true without a value'],
  ['--load=', 'invalid value "" for --load: '],
  ['-q=yes', 'invalid value "yes" for -q: '],
])('%s is wrong usage', (arg, message) => {
  expect(() => spelled(arg, '.')).toThrow(message);
});
