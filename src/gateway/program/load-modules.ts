/** Reads the modules of a build program: its own file, and all that it imports. */
import { diagnosticError, findDiagnosticError } from '../../diagnostic/diagnostic.ts';
import { createSourceFile, linesRange, type SourceFile } from '../../diagnostic/source-file.ts';
import { decodeText } from '../../go/text.ts';
import { eraseTypes, syntaxError } from '../../program/erase-types.ts';
import { importLine, importsOf, renameImports } from '../../program/imports.ts';
import { candidates, isPackage, ownModules, packageFiles, packageOf } from '../../program/resolve-import.ts';
import { errorMessage } from '../../text/error-message.ts';

/** Reads files beside the program; those that are not there are absent. */
export type ReadBeside = (paths: readonly string[]) => Promise<ReadonlyMap<string, Uint8Array>>;

/** A module with its types erased. */
export interface Module {
  /** Its path relative to the directory of the program. */
  readonly name: string;
  readonly file: SourceFile;
  readonly code: string;
  /** The names of the modules that it imports, by what it calls them. */
  readonly imports: ReadonlyMap<string, string>;
}

/** Maximum number of modules, and their size in total. */
const maxModules = 2000;
const maxBytes = 16 << 20;

/**
 * Reads a program and what it imports, a level at a time.
 * @param name the name of the program's file
 * @throws DiagnosticError with the line of an import that cannot be resolved
 */
export async function loadModules(name: string, data: Uint8Array, readBeside: ReadBeside): Promise<Module[]> {
  const modules = new Map<string, Module>();
  const files = new Map<string, Uint8Array | undefined>([[name, data]]);
  const read = async (paths: readonly string[]) => {
    const missing = [...new Set(paths)].filter((path) => !files.has(path));
    if (missing.length === 0) return;
    const found = await readBeside(missing);
    for (const path of missing) files.set(path, found.get(path));
    let size = 0;
    for (const file of files.values()) size += file?.length ?? 0;
    if (size > maxBytes)
      throw new Error(`the modules of the build program are larger than ${maxBytes >> 20} MiB together`);
  };
  let level = new Map<string, Import | undefined>([[name, undefined]]);
  while (level.size > 0) {
    const drafts = [...level].map(([path, first]) => locating(first, () => openModule(path, files.get(path)!)));
    const wanted = drafts.flatMap(({ specifiers, module }) =>
      specifiers.map((specifier) => ({
        specifier,
        module,
        paths: locating({ module, specifier }, () => candidates(specifier, module.name)),
      })),
    );
    await read(wanted.flatMap(({ paths }) => paths));
    const packages = wanted.flatMap((it) =>
      isPackage(it.specifier) ? [{ ...it, paths: filesOfPackage(it, files) }] : [],
    );
    await read(packages.flatMap(({ paths }) => paths));
    const next = new Map<string, Import>();
    for (const { module } of drafts) modules.set(module.name, module);
    for (const it of [...wanted.filter(({ specifier }) => !isPackage(specifier)), ...packages]) {
      const path = it.paths.find((candidate) => files.get(candidate));
      if (path === undefined)
        throw placed(it, `cannot find ${it.specifier}: there is no ${it.paths[0]} beside the program`);
      (it.module.imports as Map<string, string>).set(it.specifier, path);
      if (!modules.has(path) && !next.has(path)) next.set(path, it);
    }
    if (modules.size + next.size > maxModules) throw new Error(`the build program has more than ${maxModules} modules`);
    level = next;
  }
  return [...modules.values()];
}

function openModule(name: string, data: Uint8Array) {
  const text = decodeText(data)
    .toWellFormed()
    .replace(/^\ufeff/, '');
  const file = createSourceFile(name, text);
  if (name.endsWith('.json'))
    return { module: { name, file, code: jsonModule(name, text), imports: new Map<string, string>() }, specifiers: [] };
  // Engines before Docker 23 look for `# syntax=` only.
  const code = eraseTypes(name, text.replace(/^#(?=\s*syntax\s*=)/i, '//'));
  let specifiers: string[];
  try {
    specifiers = importsOf(code).filter((specifier) => !ownModules.includes(specifier));
  } catch (error) {
    throw syntaxError(
      name,
      text,
      errorMessage(error).replace(/^Parse error [^:]*:(\d+):(\d+)$/, 'the module cannot be read ($1:$2)'),
    );
  }
  if (/(^|\/)node_modules\//.test(name) && specifiers.length === 0 && isCommonJs(code))
    throw new Error(
      `${name} is a CommonJS module: make an ES module of it, and import that: npx esbuild ${name} --bundle --format=esm --outfile=${bundleName(name)}`,
    );
  return { module: { name, file, code, imports: new Map<string, string>() }, specifiers: [...new Set(specifiers)] };
}

/** `node_modules/@a/b/index.js` becomes `a-b.js`. */
const bundleName = (name: string) =>
  `${packageOf(name.slice(name.lastIndexOf('node_modules/') + 'node_modules/'.length)).name.replaceAll(/^@|\W+/g, (found) => (found === '@' ? '' : '-'))}.js`;

const isCommonJs = (code: string) =>
  /\bmodule\.exports\b|\bexports\.\w+\s*=|\brequire\(/.test(code) && !/^\s*export\b/m.test(code);

function jsonModule(name: string, text: string): string {
  try {
    // Not an object literal: in one, `__proto__` is not a key.
    return `export default JSON.parse(${JSON.stringify(JSON.stringify(JSON.parse(text)))});`;
  } catch (error) {
    throw new Error(`${name} is not JSON: ${errorMessage(error)}`);
  }
}

/** What a module imports, as it writes it. */
interface Import {
  readonly module: Module;
  readonly specifier: string;
}

/** The files that an import of a package may mean. */
function filesOfPackage(
  it: Import & { readonly paths: readonly string[] },
  files: ReadonlyMap<string, Uint8Array | undefined>,
): string[] {
  const { specifier } = it;
  const manifest = it.paths.find((path) => files.get(path));
  if (manifest === undefined)
    throw placed(
      it,
      `cannot find the package ${specifier}: there is none in a node_modules directory beside the program`,
    );
  return locating(it, () =>
    packageFiles(manifest, readManifest(manifest, decodeText(files.get(manifest)!)), specifier),
  );
}

function readManifest(path: string, text: string): object {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${errorMessage(error)}`);
  }
  if (typeof manifest !== 'object' || manifest === null) throw new Error(`${path} has no object`);
  return manifest;
}

/** Runs a function. An error of it that has no place gets that of the import. */
function locating<T>(it: Import | undefined, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!it || findDiagnosticError(error)) throw error;
    throw placed(it, errorMessage(error));
  }
}

/** An error at the line that has the import. */
function placed({ module: { file, code }, specifier }: Import, message: string) {
  const line = importLine(code, (other) => other === specifier) ?? 1;
  const lines = { start: line, end: line };
  return diagnosticError('program-import', message, { range: linesRange(file, lines), file });
}

/** The module as the engine gets it for one run: each run has instances of its own. */
export function instanceOf({ code, imports }: Module, instanceName: (name: string) => string): string {
  return renameImports(code, (specifier) =>
    ownModules.includes(specifier) ? specifier : instanceName(imports.get(specifier) ?? specifier),
  );
}
