// Bundles every entry point that exists into dist/.
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  external: ['@napi-rs/xattr'], // has a binary for each platform, and may be missing
  logLevel: 'warning',
  legalComments: 'none',
};

rmSync(path.join(root, 'dist'), { recursive: true, force: true });

// What takes its packages along: CommonJS ones need a `require`.
const standalone = {
  ...common,
  outdir: 'dist',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

// The frontend is one self-contained file: it runs in an image without node_modules.
await build({ ...standalone, entryPoints: { frontend: 'src/frontend.ts' } });

// The command line has its packages bundled because their hundreds of files take longer to load than a small build.
await build({
  ...standalone,
  entryPoints: { cli: 'src/cli.ts' },
  splitting: true,
  chunkNames: 'chunks/cli-[name]-[hash]',
});

// The library shares chunks and takes its packages from node_modules.
const entries = {
  index: 'src/index.ts',
  parser: 'src/parser/index.ts',
  llb: 'src/llb/index.ts',
  client: 'src/client/index.ts',
  'read-worker': 'src/client/fsutil/read-worker.ts',
  'write-worker': 'src/client/fsutil/write-worker.ts',
};
await build({
  ...common,
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(path.join(root, file)))),
  outdir: 'dist',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  packages: 'external',
});
