// `npm run mutate -- [--save] FILE COUNT TEST… [-- TEST…]`: which small mistakes in a file the tests notice. It changes
// one operator or constant at a time, runs the tests, and prints the changes that no test fails with. Tests behind `--`
// see only what those before it let pass. The file on disk stays as it is: Vitest is given the changed text. `--save`
// writes the result to bench/results/mutation.json.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startVitest } from 'vitest/node';
import { root } from './install.mjs';

/** @typedef {{ at: number, from: string, to: string }} Mutant */

/** @type {readonly (readonly [RegExp, string])[]} */
const changes = [
  [/ === /g, ' !== '],
  [/ !== /g, ' === '],
  [/ < /g, ' <= '],
  [/ <= /g, ' < '],
  [/ > /g, ' >= '],
  [/ >= /g, ' > '],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  [/ \?\? /g, ' && '],
  [/ \+ 1\b/g, ' + 2'],
  [/ - 1\b/g, ' - 2'],
  [/ \+ (?!1\b)/g, ' - '],
  [/ = 0;/g, ' = 1;'],
  [/\btrue\b/g, 'false'],
  [/\bfalse\b/g, 'true'],
  [/\bcontinue;/g, 'break;'],
  [/\bif \(/g, 'if (!'],
];
/** Milliseconds for one run of the tests: a change may make a loop endless. */
const patience = 300_000;
const results = path.join(root, 'bench/results/mutation.json');

/**
 * Runs the tests on a changed file. A failure sets the exit code.
 *
 * @param {Mutant & { file: string }} options
 * @param {string[]} tests
 */
function runTests({ file, at, from, to }, tests) {
  /**
   * @param {string} code
   * @param {string} id
   */
  const transform = (code, id) => (id === file ? code.slice(0, at) + to + code.slice(at + from.length) : undefined);
  /** @type {import('vitest/node').CliOptions} */
  const test = {
    watch: false,
    config: false,
    bail: 1,
    pool: 'threads', // they end with the process
    maxWorkers: 2,
    testTimeout: 60_000,
    fsModuleCache: false, // it knows a file by what is on disk
    reporters: [],
  };
  return startVitest('test', tests, test, { plugins: [{ name: 'mutant', enforce: 'pre', transform }] });
}

/** @param {...string} args */
function mutate(...args) {
  const save = args[0] === '--save';
  const [file = '', count = '', ...rest] = save ? args.slice(1) : args;
  const source = readFileSync(file, 'utf8');
  const rounds = rest
    .join(' ')
    .split(' -- ')
    .map((tests) => tests.split(' '));
  const mutants = shuffled(findMutants(source));
  const tried = mutants.slice(0, Number(count));
  const unchanged = { file: path.resolve(file), at: 0, from: '', to: '' };
  if (rounds.some((tests) => isNoticed(unchanged, tests))) {
    console.error(`${file}: the tests fail without a change`);
    process.exit(1);
  }
  const unnoticed = [];
  for (const mutant of tried) {
    if (rounds.some((tests) => isNoticed({ file: path.resolve(file), ...mutant }, tests))) continue;
    unnoticed.push(describe(source, mutant));
    console.log(`${file}:${lineOf(source, mutant)}: ${unnoticed.at(-1)}`);
  }
  const noticed = tried.length - unnoticed.length;
  console.log(`${file}: ${noticed} of ${tried.length} changes noticed, of ${mutants.length} possible ones`);
  if (!save) return;
  const date = new Date().toISOString().slice(0, 10);
  const command = ['npm run mutate -- --save', file, count, ...rest].join(' ');
  const all = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {};
  all[file] = { date, command, noticed, tried: tried.length, possible: mutants.length, unnoticed };
  writeFileSync(results, `${JSON.stringify(all, null, 2)}\n`);
}

/** @param {string} source */
function findMutants(source) {
  const found = [];
  for (const [pattern, to] of changes)
    for (const { index: at, 0: from } of source.matchAll(pattern)) if (isCode(source, at)) found.push({ at, from, to });
  return found;
}

/**
 * @param {string} source
 * @param {number} at
 */
function isCode(source, at) {
  const start = source.lastIndexOf('\n', at) + 1;
  return (
    !/^\s*(\*|\/[/*]|import|export type|type )/.test(lineAt(source, at)) && !source.slice(start, at).includes('//')
  );
}

/**
 * @param {string} source
 * @param {number} at
 */
function lineAt(source, at) {
  return source.slice(source.lastIndexOf('\n', at) + 1, source.indexOf('\n', at));
}

/**
 * @param {string} source
 * @param {Mutant} options
 */
const lineOf = (source, { at }) => source.slice(0, at).split('\n').length;

/**
 * @param {string} source
 * @param {Mutant} options
 */
const describe = (source, { at, from, to }) => `${from.trim()} -> ${to.trim()}: ${lineAt(source, at).trim()}`;

/**
 * The same order each time.
 *
 * @param {readonly Mutant[]} all
 */
function shuffled(all) {
  const order = [...all];
  let seed = 42;
  for (let last = all.length - 1; last > 0; last--) {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    const other = seed % (last + 1);
    [order[last], order[other]] = /** @type {[Mutant, Mutant]} */ ([order[other], order[last]]);
  }
  return order;
}

/**
 * @param {Mutant & { file: string }} mutant
 * @param {string[]} tests
 */
function isNoticed(mutant, tests) {
  const { status } = spawnSync(process.execPath, [import.meta.filename, ...tests], {
    cwd: root,
    stdio: 'ignore',
    timeout: patience,
    killSignal: 'SIGKILL',
    env: { ...process.env, MUTANT: JSON.stringify(mutant) },
  });
  return status !== 0;
}

if (process.env.MUTANT) await runTests(JSON.parse(process.env.MUTANT), process.argv.slice(2));
else mutate(...process.argv.slice(2));
