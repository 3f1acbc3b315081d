// Reads what an entry point exports from the declarations that tsc writes. Their form is fixed: what is declared at the
// top starts in the first column, right after its docstring.
import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {{ name: string, kind: string, doc: string, text: string }} Declaration
 * @param {string} file
 * @returns {{ doc: string, declarations: Declaration[] }} the docstring of the file, and its exports in their order
 */
export function readDeclarations(file) {
  const statements = splitStatements(readFileSync(file, 'utf8'));
  const declarations = statements.flatMap(({ doc, text }) => {
    const from = /\bfrom '([^']+)';$/.exec(text)?.[1];
    if (!/^export\b/.test(text) || text === 'export {};') return [];
    if (!from) return [{ ...nameOf(text), doc, text: text.replace(/^export (declare )?/, '') }];
    const there = readDeclarations(path.resolve(path.dirname(file), from.replace(/\.ts$/, '.d.ts'))).declarations;
    if (/^export \*/.test(text)) return there;
    // Of a class that is exported as a type there is no value.
    if (/^export type \*/.test(text)) return there.map((it) => (it.kind === 'class' ? { ...it, kind: 'type' } : it));
    return (/\{(.*)\}/s.exec(text)?.[1] ?? '').split(',').flatMap((part) => {
      const name = part.trim().replace(/^type /, '');
      const found = there.filter((declaration) => declaration.name === name);
      if (name && found.length === 0) throw new Error(`${file}: ${name} is not declared in ${from}`);
      return found;
    });
  });
  return { doc: statements[0]?.doc ?? '', declarations };
}

/** @param {string} text */
function nameOf(text) {
  const [, kind, name] = /^export (?:declare )?(?:abstract )?(\w+) (\w+)/.exec(text) ?? [];
  if (!kind || !name) throw new Error(`neither a declaration nor an export: ${text}`);
  return { kind, name };
}

/**
 * Top-level statements with the docstring right before each.
 *
 * @param {string} source
 */
function splitStatements(source) {
  const statements = [];
  let doc = '';
  /** @type {string[]} */
  let lines = [];
  let comment;
  let depth = 0;
  for (const line of source.split('\n')) {
    if (comment || /^\s*\/\*\*/.test(line)) {
      comment = [...(comment ?? []), line];
      if (!line.includes('*/')) continue;
      if (lines.length > 0) lines.push(...comment);
      else doc = stripComment(comment.join('\n'));
      comment = undefined;
      continue;
    }
    if (lines.length === 0 && line === '') continue;
    lines.push(line);
    const code = line.replace(/'(\\.|[^'\\])*'|`[^`]*`|"(\\.|[^"\\])*"|\/\/.*/g, '');
    for (const char of code) depth += '{(['.includes(char) ? 1 : '})]'.includes(char) ? -1 : 0;
    const braced = /^(export )?(declare )?(abstract )?(interface|class)\b/.test(lines[0] ?? '');
    if (depth > 0 || !(braced ? code.endsWith('}') : code.endsWith(';'))) continue;
    statements.push({ doc, text: lines.join('\n') });
    [doc, lines] = ['', []];
  }
  return statements;
}

/** @param {string} comment */
function stripComment(comment) {
  return comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .replace(/^\s*\* ?/gm, '')
    .trim();
}
