/** Bundles the frontend as the one CommonJS script a start-up snapshot is built from. */
import path from 'node:path';
import { build } from 'esbuild';

export async function bundleForSnapshot() {
  const { outputFiles } = await build({
    absWorkingDir: path.resolve(import.meta.dirname, '../..'),
    entryPoints: ['src/frontend.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    tsconfigRaw: { compilerOptions: { alwaysStrict: true } }, // wherever it is bundled, in the Dockerfile too
    supported: { 'dynamic-import': false }, // import() does not work in a snapshot, require does
    legalComments: 'none',
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}
