/** The imports of a module: what it imports, and the same module with other names for them. */
import { parse } from 'es-module-lexer/minimal/js';

/** What a module imports, as written; dynamic imports of a name that is not a literal are left out. */
export function importsOf(code: string): string[] {
  const [imports] = parse(code);
  return imports.flatMap(({ n }) => (n === undefined ? [] : [n]));
}

/** The module with `rename` applied to what it imports. Attributes (`with { type: 'json' }`) are removed. */
export function renameImports(code: string, rename: (specifier: string) => string): string {
  const [imports] = parse(code);
  let renamed = '';
  let from = 0;
  for (const { n, s, e, se, d, a } of imports) {
    if (n === undefined) continue;
    const name = JSON.stringify(rename(n));
    // the specifier of a dynamic import has its quotes in its range
    const [start, end] = d >= 0 ? [s, e] : [s - 1, a >= 0 ? se : e + 1];
    renamed += code.slice(from, start) + name;
    from = d >= 0 && a >= 0 ? se - 1 : end;
  }
  return renamed + code.slice(from);
}
