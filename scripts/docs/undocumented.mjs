// Finds what an entry point exports without a docstring, or without an example.

/** Properties that tell the members of a union apart; their values say what they mean. */
const discriminators = new Set(['kind']);

/**
 * The exports without a docstring, and the members of exported interfaces and classes without one.
 * @param {ReturnType<typeof import('./declarations.mjs').readDeclarations>['declarations']} declarations
 * @returns {string[]} names, such as `solve` and `SolveOptions.frontend`
 */
export function findUndocumented(declarations) {
  const documented = new Set(declarations.filter(({ doc }) => doc).map(({ name }) => name));
  const exports = declarations.filter(({ name }) => !documented.has(name)).map(({ name }) => name);
  const members = declarations.flatMap(({ name, kind, text }) =>
    kind === 'interface' || kind === 'class' ? membersWithout(text).map((member) => `${name}.${member}`) : [],
  );
  return [...new Set([...exports, ...members])];
}

/**
 * The exports without an example; of those with several declarations one has it.
 * @param {Parameters<typeof findUndocumented>[0]} declarations
 * @returns {string[]} names
 */
export function findWithoutExample(declarations) {
  const shown = new Set(declarations.filter(({ doc }) => /^@example\b/m.test(doc)).map(({ name }) => name));
  return [...new Set(declarations.map(({ name }) => name))].filter((name) => !shown.has(name));
}

/**
 * tsc indents members by four spaces, and ends a docstring on the line before its member.
 *
 * @param {string} declaration
 */
function membersWithout(declaration) {
  const lines = declaration.split('\n');
  return lines.flatMap((line, i) => {
    const [, name] = /^ {4}(?:(?:static|abstract|readonly|get|set) )*(\w+)\??[:(<]/.exec(line) ?? [];
    if (!name || name === 'constructor' || discriminators.has(name)) return [];
    return lines[i - 1]?.endsWith('*/') ? [] : [name];
  });
}

/**
 * The exports of a module without a docstring. The header of a file stands for that of its only export, and the
 * docstring of the first overload for all.
 * @param {string} source the module
 * @returns {string[]} names
 */
export function findUndocumentedExports(source) {
  const lines = source.split('\n');
  const exports = lines.flatMap((line, at) => {
    const [, name] = /^export (?:(?:abstract|async|class|const|function|interface|type|enum) )+(\w+)/.exec(line) ?? [];
    return name ? [{ name, hasDoc: lines[at - 1]?.endsWith('*/') }] : [];
  });
  const documented = new Set(exports.filter(({ hasDoc }) => hasDoc).map(({ name }) => name));
  const names = new Set(exports.map(({ name }) => name));
  if (names.size === 1 && /^(\/\/\/.*\n)?\/\*\*/.test(source)) return [];
  return [...names].filter((name) => !documented.has(name));
}
