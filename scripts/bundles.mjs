/** What dist/ is bundled from: esbuild's options for each bundle. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');

/** @typedef {import('esbuild').BuildOptions} BuildOptions */

/** @type {BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  outdir: 'dist',
  platform: 'node',
  target: 'node22',
  format: 'esm',
  keepNames: false,
  external: ['@napi-rs/xattr'], // has a binary for each platform, and may be missing
  logLevel: 'warning',
  preserveSymlinks: true, // the same bytes where node_modules is a link
  legalComments: 'none', // THIRD-PARTY-NOTICES has them (scripts/notices.mjs)
};

// What takes its packages along: CommonJS ones need a `require`.
/** @type {BuildOptions} */
const standalone = {
  ...common,
  minifySyntax: true,
  minifyWhitespace: true,
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

/** @type {BuildOptions} */
const ofProgram = {
  ...common,
  outdir: 'dist/program',
  platform: 'neutral',
  target: 'es2023',
  mainFields: ['module', 'main'],
  conditions: ['program'],
  minifySyntax: true,
  minifyWhitespace: true,
};

/**
 * Leaves out the modules that `import()` names with such a path, and what only they need. `file` is loaded in their
 * place.
 *
 * @param {RegExp} filter
 * @param {string} [file]
 * @returns {import('esbuild').Plugin}
 */
function external(filter, file) {
  /** @param {import('esbuild').OnResolveArgs} options */
  const resolve = ({ kind, path }) => (kind === 'dynamic-import' ? { path: file ?? path, external: true } : undefined);
  return { name: 'external', setup: (build) => build.onResolve({ filter }, resolve) };
}

/** For code in dist/chunks. */
const graphLibrary = external(/\/graph\/index\.ts$/, '../graph.js');

/** The language server, which only editors load. */
const languageServer = external(/\/lsp\/stdio\.ts$/, './lsp.js');

const libraryEntries = {
  index: 'src/index.ts',
  parser: 'src/parser/index.ts',
  format: 'src/format/index.ts',
  llb: 'src/llb/index.ts',
  context: 'src/context/index.ts',
  explain: 'src/explain/index.ts',
  lock: 'src/daemonless/lock/index.ts',
  client: 'src/client/index.ts',
  'read-worker': 'src/client/fsutil/read-worker.ts',
  'write-worker': 'src/client/fsutil/write-worker.ts',
};

/** The scripts of the pages (scripts/pages.mjs), which are written into the pages. */
/** @type {BuildOptions} */
const ofPage = {
  ...common,
  outdir: 'dist/pages',
  platform: 'browser',
  format: 'iife',
  target: 'es2023',
  minify: true,
};
export const pages = {
  graph: { ...ofPage, entryPoints: ['site/page.ts'] },
  playground: { ...ofPage, entryPoints: ['site/playground.ts'] },
  worker: { ...ofPage, entryPoints: ['site/playground/worker.ts'] },
};

/**
 * The extension of VS Code, and its server (scripts/vscode.mjs). The editor loads CommonJS.
 *
 * @type {(BuildOptions & { entryPoints: Record<string, string> })[]}
 */
export const extension = [
  {
    ...common,
    entryPoints: { extension: 'editors/vscode/src/extension.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['vscode'],
    minifySyntax: true,
    minifyWhitespace: true,
  },
  {
    ...standalone,
    entryPoints: { server: 'editors/vscode/src/server.ts', 'analysis-worker': 'src/lsp/analysis-worker.ts' },
  },
];

/** @type {(BuildOptions & { entryPoints: Record<string, string> })[]} */
export const bundles = [
  // The frontend is one self-contained file: it runs in an image without node_modules.
  { ...standalone, entryPoints: { frontend: 'src/frontend.ts' } },

  // The same for the small engine of the frontend image, which has nothing but the language and its own host.
  {
    ...common,
    entryPoints: { 'frontend-engine': 'engine/main.ts' },
    format: 'iife', // nothing becomes a global
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    conditions: ['engine'],
    minifySyntax: true,
    minifyWhitespace: true,
  },

  // The modules that build programs import, for the engine in which these run.
  { ...ofProgram, entryPoints: { build: 'src/build-program/index.ts' }, external: ['tsfront/llb'] },
  {
    ...ofProgram,
    entryPoints: { llb: 'src/llb/index.ts' },
    // shell-quote makes a random number when it is loaded, for a mark that no text contains.
    define: { 'Math.random': 'fixedNumber' },
    banner: { js: 'const fixedNumber = () => 0.123456789;' },
  },

  // Node's engine for build programs (src/host/program-engine.ts): a thread, and quickjs-ng in WebAssembly.
  {
    ...standalone,
    entryPoints: {
      worker: 'src/host/program-worker.ts',
      quickjs: 'quickjs-wasi/quickjs.wasm',
    },
    outdir: 'dist/program',
    loader: { '.wasm': 'copy' },
  },

  // `tsfront/graph`, which the command line loads, too: with its package, since few need it.
  { ...common, entryPoints: { graph: 'src/graph/index.ts' } },

  // The commands that never ask a daemon, in one file.
  {
    ...standalone,
    entryPoints: { 'chunks/cli-daemonless': 'src/cli/start-daemonless.ts' },
    plugins: [external(/\/(?:client|build-command)\/[^/]*\.ts$/), graphLibrary, languageServer],
  },

  { ...standalone, entryPoints: { 'chunks/lsp': 'src/lsp/stdio.ts', 'analysis-worker': 'src/lsp/analysis-worker.ts' } },

  // The thread that makes the record of a build: one file starts in half the time of its parts.
  { ...standalone, entryPoints: { 'record-worker': 'src/explain/record-worker.ts' } },

  // The command line has its packages bundled because their hundreds of files take longer to load than a small build.
  {
    ...standalone,
    entryPoints: { cli: 'src/cli.ts' },
    splitting: true,
    chunkNames: 'chunks/cli-[name]-[hash]',
    plugins: [external(/\/start-daemonless\.ts$/, './chunks/cli-daemonless.js'), graphLibrary, languageServer],
  },

  // The library shares chunks and takes its packages from node_modules. It can be read: Node shows the line of an
  // uncaught error, and people look into what they depend on.
  {
    ...common,
    entryPoints: Object.fromEntries(
      Object.entries(libraryEntries).filter(([, file]) => existsSync(path.join(root, file))),
    ),
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    packages: 'external',
  },
];
