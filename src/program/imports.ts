/** The imports of a module: what it imports, and the same module with other names for them. */
import { parse } from 'es-module-lexer/minimal/js';

/** What a module imports, as written; dynamic imports of a name that is not a literal are left out. */
export function importsOf(code: string): string[] {
  const [imports] = parse(code);
  return imports.flatMap(({ n }) => (n === undefined ? [] : [n]));
}

/** The names that a module exports, in its order; those of `export *` are left out. */
export const exportsOf = (code: string): string[] => parse(code)[1].map(({ n }) => n);

/** The line at which a module exports a name, from 1; undefined if it does not, or with `export *`. */
export function exportLine(code: string, name: string): number | undefined {
  const found = parse(code)[1].find(({ n }) => n === name);
  return found && code.slice(0, found.s).split('\n').length;
}

/** The line of the first import whose specifier passes a test, from 1; undefined if none does. */
export const importLine = (code: string, isWanted: (specifier: string) => boolean): number | undefined =>
  findImport(code, isWanted, () => 0);

/** The line at which an import names what it imports, `default` for a default import; undefined if none does. */
export const importedNameLine = (
  code: string,
  isWanted: (specifier: string) => boolean,
  name: string,
): number | undefined => findImport(code, isWanted, (statement) => nameIn(statement, name));

/** @param offsetIn the offset of what is looked for in an import; undefined if it is not there */
function findImport(
  code: string,
  isWanted: (specifier: string) => boolean,
  offsetIn: (statement: string) => number | undefined,
): number | undefined {
  for (const { n, ss, s } of parse(code)[0]) {
    const offset = n !== undefined && isWanted(n) ? offsetIn(code.slice(ss, s)) : undefined;
    if (offset !== undefined) return code.slice(0, ss + offset).split('\n').length;
  }
  return undefined;
}

/** Where a name stands in `import …, { name as local } from`; undefined if it does not. */
function nameIn(statement: string, name: string): number | undefined {
  const bare = /^import\s+(?:[\w$*]|[^\0-\x7f])/.exec(statement);
  if (name === 'default' && bare && !bare[0].endsWith('*')) return bare[0].length - 1;
  for (const {
    0: { length },
    index,
  } of statement.matchAll(/[{,]\s*/g))
    if (/^['"]?[^\s,}'"]+/.exec(statement.slice(index + length))?.[0].replace(/^['"]/, '') === name)
      return index + length;
  return undefined;
}

/** What a computed import is given: a name that cannot be read, so that the import fails at its own place. */
const unreadable =
  '{toString(){throw Error(`cannot import ${this.name}: ${this.why}`)},why:"the name of a module must stand in quotes, because all modules are read before the program runs: import them all and choose from a table",name:';

/**
 * The module with `rename` applied to what it imports. Attributes (`with { type: 'json' }`) are removed, and imports of
 * a computed name fail.
 */
export function renameImports(code: string, rename: (specifier: string) => string): string {
  const [imports] = parse(code);
  let renamed = '';
  let from = 0;
  for (const { n, s, e, se, d, a } of imports) {
    if (n === undefined && d < 0) continue; // import.meta
    const name = n === undefined ? `${unreadable}(${code.slice(s, e)})}` : JSON.stringify(rename(n));
    // The specifier of a dynamic import has its quotes in its range.
    const [start, end] = d >= 0 ? [s, e] : [s - 1, e + 1];
    renamed += code.slice(from, start) + name;
    from = a < 0 ? end : d >= 0 ? se - 1 : se;
    if (a >= 0) renamed += code.slice(end, from).replaceAll(/[^\n]+/g, ''); // lines stay where they are
  }
  return renamed + code.slice(from);
}
