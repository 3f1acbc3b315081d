// Finds the error classes that docstrings promise and that do not exist.

/**
 * What the sources say in `@throws NAME` without a class of that name.
 * @param {readonly (readonly [file: string, text: string])[]} sources
 * @returns {string[]} such as `parser/parse.ts: @throws ParseError`
 */
export function findUnknownThrown(sources) {
  const classes = new Set(
    sources.flatMap(([, text]) => [...text.matchAll(/\bclass (\w+)/g)].map(([, name = '']) => name)),
  );
  return sources.flatMap(([file, text]) =>
    thrownIn(text, classes).map((name) => `${file}: there is no class of the name in "@throws ${name}"`),
  );
}

/**
 * What the docstrings of an entry point say in `@throws NAME` although its users cannot import that class.
 * @param {ReturnType<typeof import('./declarations.mjs').readDeclarations>['declarations']} declarations
 * @param {ReadonlySet<string>} exported the names of all entry points
 * @returns {string[]} such as `@throws ParseError of parse`
 */
export function findUnexportedThrown(declarations, exported) {
  return declarations.flatMap(({ name, doc, text }) =>
    thrownIn(`${doc}\n${text}`, exported).map((thrown) => `"@throws ${thrown}" of ${name} is not exported`),
  );
}

/**
 * Names that begin with a capital, as classes do. Others are words: `@throws the errors of …`.
 *
 * @param {string} text
 * @param {ReadonlySet<string>} known
 */
function thrownIn(text, known) {
  const names = [...text.matchAll(/@throws (?:\{@link )?([A-Z]\w*)/g)].map(([, name = '']) => name);
  return names.filter((name) => !known.has(name) && !(globals[name]?.prototype instanceof Error || name === 'Error'));
}

/** @type {Readonly<Record<string, any>>} */
const globals = globalThis;
