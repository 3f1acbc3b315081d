// Makes the extension of VS Code with its server: dist/tsfront.vsix.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { build } from 'esbuild';
import { extension, pages, root } from './bundles.mjs';
import { formatNoticesOf } from './notices.mjs';
import { graphPage } from './pages.mjs';

/**
 * Writes the extension to `directory`, as it is installed.
 *
 * @param {string} directory
 */
export async function writeExtension(directory) {
  /** @param {string} name */
  const inside = (name) => path.join(directory, name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const options of extension) await build({ ...options, outdir: inside('dist') });
  writeFileSync(inside('dist/graph.html'), await graphPage());
  const manifest = JSON.parse(readFileSync(path.join(root, 'editors/vscode/package.json'), 'utf8'));
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(inside('package.json'), `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`);
  copyFileSync(path.join(root, 'editors/vscode/README.md'), inside('README.md'));
  copyFileSync(path.join(root, 'LICENSE'), inside('LICENSE'));
  writeFileSync(inside('THIRD-PARTY-NOTICES'), await formatNoticesOf([...extension, pages.graph]));
}

/**
 * Packs what {@link writeExtension} has written.
 *
 * @param {string} directory
 * @param {string} packagePath
 */
export async function packExtension(directory, packagePath) {
  // The examples of the rule about tokens look like tokens.
  const allowPackageSecrets = ['github'];
  await createVSIX({ cwd: directory, packagePath, dependencies: false, allowPackageSecrets });
}

if (import.meta.main) {
  const directory = path.join(root, 'dist/vscode');
  await writeExtension(directory);
  const packagePath = path.join(root, 'dist/tsfront.vsix');
  await packExtension(directory, packagePath);
  console.log(path.relative(root, packagePath));
}
