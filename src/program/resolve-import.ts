/** Where the modules are that a module imports: beside the program, or in a node_modules directory beside it. */
import { clean, dirname, join } from '../go/path.ts';

/** The modules that every program has. */
export const ownModules: readonly string[] = ['tsfront/build', 'tsfront/llb'];

const known = /\.(?:[cm]?[jt]s|json)$/i;

/** The modules of Node, which has them before packages of the same name. */
const ofNode =
  /^(?:assert|async_hooks|buffer|child_process|cluster|console|constants|crypto|dgram|diagnostics_channel|dns|domain|events|fs|http|http2|https|inspector|module|net|os|path|perf_hooks|process|punycode|querystring|readline|repl|stream|string_decoder|sys|timers|tls|trace_events|tty|url|util|v8|vm|wasi|worker_threads|zlib)(?:\/|$)/;

/**
 * The files that an import may mean, the likeliest first; paths are relative to the directory of the program.
 * @throws Error for what a program cannot import
 */
export function candidates(specifier: string, importer: string): string[] {
  if (specifier.startsWith('./') || specifier.startsWith('../')) {
    const path = join(dirname(importer), specifier);
    if (path.startsWith('../') || path === '..')
      throw new Error(`${specifier} lies outside the directory of the program: a build is given that directory only`);
    if (!known.test(path))
      return [...['.ts', '.mts', '.js', '.mjs', '.json', '/index.ts', '/index.js'].map((end) => path + end), path];
    // TypeScript names a module by what it is compiled to.
    return [path, ...(/\.(m?)js$/.test(path) ? [path.replace(/\.(m?)js$/, '.$1ts')] : [])];
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(specifier) || specifier.startsWith('/') || ofNode.test(specifier))
    throw new Error(
      `a build program cannot import ${specifier}: it has no file system, no network and no modules of Node`,
    );
  if (/^tsfront(?:\/|$)/.test(specifier))
    throw new Error(`a build program cannot import ${specifier}: it has ${ownModules.join(' and ')}`);
  if (specifier.startsWith('#'))
    throw new Error(`a build program cannot import ${specifier}: the field "imports" of a package is not read`);
  const { name } = packageOf(specifier);
  return packageDirs(importer).map((dir) => `${dir}/${name}/package.json`);
}

/** Whether an import names a package. */
export const isPackage = (specifier: string) => !specifier.startsWith('.');

/** The directories in which a package is looked for, as Node does. */
function packageDirs(importer: string): string[] {
  const dirs: string[] = [];
  for (let dir = dirname(importer); ; dir = dirname(dir)) {
    if (!dir.endsWith('node_modules')) dirs.push(join(dir, 'node_modules'));
    if (dir === '.' || dir === '/') return dirs;
  }
}

/** The name of a package, and the path in it: '.' for the package itself. */
export function packageOf(specifier: string): { readonly name: string; readonly subpath: string } {
  const [, name = specifier, rest = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier) ?? [];
  return { name, subpath: `.${rest}` };
}

interface Manifest {
  readonly type?: unknown;
  readonly exports?: unknown;
  readonly module?: unknown;
  readonly main?: unknown;
}

/**
 * The files of a package that an import may mean.
 * @throws Error if the package does not export it
 */
export function packageFiles(manifestPath: string, manifest: Manifest, specifier: string): string[] {
  const dir = dirname(manifestPath);
  const { name, subpath } = packageOf(specifier);
  const inside = (target: string) => {
    const path = clean(join(dir, target));
    if (!path.startsWith(`${dir}/`)) throw new Error(`the package ${name} names a file outside of itself`);
    return path;
  };
  if (manifest.exports !== undefined) {
    const target = exportedPath(manifest.exports, subpath);
    if (target === undefined) throw new Error(`the package ${name} does not export ${subpath} as an ES module`);
    return [inside(target)];
  }
  if (subpath !== '.')
    return known.test(subpath)
      ? [inside(subpath)]
      : [`${inside(subpath)}.js`, `${inside(subpath)}/index.js`, inside(subpath)];
  const main = [manifest.module, manifest.main].find((it) => typeof it === 'string') as string | undefined;
  if (main === undefined) return [inside('index.js')];
  return known.test(main) ? [inside(main)] : [`${inside(main)}.js`, `${inside(main)}/index.js`];
}

const conditions = new Set(['import', 'module', 'default']);

function exportedPath(exports: unknown, subpath: string): string | undefined {
  if (typeof exports !== 'object' || exports === null || Array.isArray(exports))
    return subpath === '.' ? conditional(exports) : undefined;
  const table = exports as Readonly<Record<string, unknown>>;
  if (!Object.keys(table).some((key) => key.startsWith('.'))) return subpath === '.' ? conditional(table) : undefined;
  if (Object.hasOwn(table, subpath)) return conditional(table[subpath]);
  // Of several patterns the one with the longest beginning counts.
  const patterns = Object.keys(table)
    .filter((key) => key.includes('*'))
    .map((key) => ({ key, start: key.slice(0, key.indexOf('*')), end: key.slice(key.indexOf('*') + 1) }))
    .filter(
      ({ start, end }) =>
        subpath.length >= start.length + end.length && subpath.startsWith(start) && subpath.endsWith(end),
    )
    .sort((a, b) => b.start.length - a.start.length || b.key.length - a.key.length);
  const [best] = patterns;
  if (!best) return undefined;
  const star = subpath.slice(best.start.length, subpath.length - best.end.length);
  return conditional(table[best.key])?.replaceAll('*', () => star);
}

function conditional(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return target.map(conditional).find((it) => it !== undefined);
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    if (!conditions.has(condition)) continue;
    const found = conditional(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
