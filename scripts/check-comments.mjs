// Holds the form of comments: at most 120 columns; a comment on lines of its own is one or more sentences, from a
// capital letter to a full stop; a comment behind code is a fragment without a full stop; and the comment with which a
// file begins stands directly above its imports.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const maxColumns = 120;
const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
const files = stdout
  .split('\n')
  .filter((file) => /\.(ts|mts|mjs|c|h|css|sh|yml)$|^\.ci\/run$/.test(file))
  .filter((file) => !/^src\/gen\/|^examples\/|^test\/golden\/.*\/|\/fixtures\//.test(file));

const problems = files.flatMap((file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  const isScript = /\.m?[tj]s$/.test(file);
  const wide = text
    .split('\n')
    .flatMap((line, at) => (isComment(line) && [...line].length > maxColumns ? [[at, 'is too wide']] : []));
  return [...wide, ...(isScript ? problemsOfForm(text) : [])].map(
    ([at, problem]) => `${file}:${at + 1}: the comment ${problem}`,
  );
});
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

/** @param {string} line */
function isComment(line) {
  return /^\s*(\/\/|\/?\*|#)|\/\*\*|[;,{}()] \/\/ (?!biome-)/.test(line);
}

/**
 * @param {string} text a module
 * @returns {[at: number, problem: string][]} indexes of lines
 */
function problemsOfForm(text) {
  /** @type {[number, string][]} */
  const found = [];
  if (/^(#!.*\n)?\/\*\*((?!\*\/)[\s\S])*\*\/\n\nimport/.test(text))
    found.push([0, 'has an empty line before the imports']);
  const lines = text.split('\n');
  for (const [at, line] of lines.entries()) {
    const [, own] = /^\s*\/\/ (?!biome-|@| {2}|import )(.+)/.exec(line) ?? [];
    const [, behind] = /[;,{}()] \/\/ (?!biome-)(.+)/.exec(line) ?? [];
    if (own) {
      const isFirst = !/\/\/ /.test(lines[at - 1] ?? '');
      if (isFirst && /^[a-z]+[ ,:;]/.test(own)) found.push([at, 'does not begin with a capital letter']);
      if (!/^\s*\/\//.test(lines[at + 1] ?? '') && !/[.:!?…]$/.test(own)) found.push([at, 'ends without a full stop']);
    } else if (behind && /^[^.]*[^.]\.$/.test(behind)) found.push([at, 'behind code ends with a full stop']);
  }
  return found;
}
