// Holds the form of prose. Comments and documents have at most 120 columns, apart from tables and code. A comment on
// lines of its own is one or more sentences, from a capital letter to a full stop; a comment behind code is a fragment
// without a full stop; the comment with which a file begins stands directly above its imports; an example has
// the lines of its code, which an editor that wraps prose joins. Comments do not say that
// something "is" or "are" none.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const maxColumns = 120;
/** Words in comments that leave open what does not exist. */
const unclear = /\b(?:is|are) none\b/;
const generated = /^src\/gen\/|^docs\/(api\/|cli\.md|errors\.md)|^test\/golden\/.*\/|\/fixtures\//;
const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
const problems = stdout
  .split('\n')
  .filter((file) => /\.(ts|mts|mjs|c|h|css|sh|yml|md)$|^\.ci\/run$/.test(file) && !generated.test(file))
  .flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const wide = (file.endsWith('.md') ? prose(text) : comments(text))
      .filter(([, line]) => [...line].length > maxColumns)
      .map(([at]) => [at, `has more than ${maxColumns} columns`]);
    const riddles = comments(text)
      .filter(([, line]) => !file.endsWith('.md') && unclear.test(line))
      .map(([at, line]) => [at, `says "${unclear.exec(line)?.[0]}": say what is absent, or what it is instead`]);
    const found = [...wide, ...riddles, ...(/\.m?[tj]s$/.test(file) ? problemsOfForm(text) : [])];
    return found.map(([at, problem]) => `${file}:${Number(at) + 1}: ${problem}`);
  });
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

/**
 * @param {string} text a module, a script or a style
 * @returns {[at: number, line: string][]} its lines with comments
 */
function comments(text) {
  const comment = /^\s*(\/\/|\/?\*|#)|\/\*\*|[;,{}()] \/\/ (?!biome-)/;
  return [...text.split('\n').entries()].filter(([, line]) => comment.test(line));
}

/**
 * @param {string} text a document in Markdown
 * @returns {[at: number, line: string][]} its lines outside tables and blocks of code
 */
function prose(text) {
  let isCode = false;
  return [...text.split('\n').entries()].filter(([, line]) => {
    if (/^\s*```/.test(line)) isCode = !isCode;
    return !isCode && !/^\s*\|/.test(line);
  });
}

/**
 * @param {string} text a module
 * @returns {[at: number, problem: string][]} indexes of lines
 */
function problemsOfForm(text) {
  /** @type {[number, string][]} */
  const found = [];
  if (/^(#!.*\n)?\/\*\*((?!\*\/)[\s\S])*\*\/\n\nimport/.test(text))
    found.push([0, 'the comment has an empty line before the imports']);
  const lines = text.split('\n');
  for (const at of wrappedExamples(lines)) found.push([at, 'the lines of an example are wrapped like prose']);
  for (const [at, line] of lines.entries()) {
    const [, own] = /^\s*\/\/ (?!biome-|syntax=|@| {2}|import )(.+)/.exec(line) ?? [];
    const [, behind] = /[;,{}()] \/\/ (?!biome-)(.+)/.exec(line) ?? [];
    if (own) {
      const isFirst = !/\/\/ /.test(lines[at - 1] ?? '');
      const isLast = !/^\s*\/\//.test(lines[at + 1] ?? '');
      if (isFirst && /^[a-z]+[ ,:;]/.test(own)) found.push([at, 'the comment does not begin with a capital letter']);
      if (isLast && !/[.:!?…]$/.test(own)) found.push([at, 'the comment ends without a full stop']);
    } else if (behind && /^[^.]*[^.]\.$/.test(behind)) found.push([at, 'a comment behind code ends with a full stop']);
  }
  return found;
}

/**
 * Lines of examples in docstrings that begin a statement behind another, or break off between a name and its value.
 *
 * @param {readonly string[]} lines
 */
function wrappedExamples(lines) {
  let isExample = false;
  return [...lines.entries()].flatMap(([at, line]) => {
    if (/^\s*\* @|\*\//.test(line)) isExample = /^\s*\* @example/.test(line);
    return isExample && /; (?:export|import|const|let|await)\b|[\w'"]:$/.test(line) ? [at] : [];
  });
}
