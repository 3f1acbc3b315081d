/**
 * Makes dist/frontend-amd64 and dist/frontend-arm64: the frontend as one static program, with a small JavaScript engine
 * (engine/) in which the bundle has been loaded. Compilers and libraries are packages of Debian, which are not
 * installed.
 *
 *   node scripts/engine/build.mjs [--script FILE] [--modules DIRECTORY] [--output DIRECTORY] [--sanitize]
 *   [ARCHITECTURE…]
 *
 * FILE is a bundle that is ready, instead of the frontend's; DIRECTORY has llb.js and build.js, which build programs
 * import as tsfront/NAME. With --sanitize it makes frontend-sanitized for this machine, which takes the bundle and the
 * modules as its arguments and reports misuse of memory; that needs gcc. Without network it needs ENGINE_CACHE (default
 * .cache/engine), a directory that an earlier build has filled.
 */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeHeapImage } from './heap-image.mjs';
import { machine } from './packages.mjs';
import { assemble, buildSanitized, compileAll, link, openToolchain, publish } from './toolchain.mjs';

const project = path.resolve(import.meta.dirname, '../..');
const host = path.join(project, 'engine');
const hostFiles = ['heap', 'host', 'memory', 'program', 'rejections', 'sha256', 'unpack', 'utf8'].map(
  (name) => `${name}.c`,
);

/** The modules of build programs, each after those that it imports. */
const libraryFiles = ['llb.js', 'build.js'];

/**
 * Builds for `architectures` from a bundle; returns the files.
 *
 * @param {import('./toolchain.mjs').Toolchain} tools
 * @param {{ script: string, modules: string, output: string, sanitize: boolean }} options
 * @param {readonly import('./packages.mjs').Architecture[]} architectures
 */
function build(tools, { script, modules, output, sanitize }, architectures) {
  mkdirSync(output, { recursive: true });
  if (sanitize) {
    const file = path.join(output, 'frontend-sanitized');
    buildSanitized(tools, host, [...hostFiles, 'connections.c'], file);
    return [file];
  }
  copyFileSync(script, path.join(tools.directory, 'frontend.js'));
  mkdirSync(path.join(tools.directory, 'modules'));
  const scripts = [`${tools.inside}/frontend.js`];
  for (const name of libraryFiles) {
    copyFileSync(path.join(modules, name), path.join(tools.directory, 'modules', name));
    scripts.push(`${tools.inside}/modules/${name}`);
  }
  const preparation = compileAll(tools, machine, host, hostFiles, '-DPREPARE');
  const names = makeHeapImage(tools, preparation, scripts);

  return architectures.map((architecture) => {
    const objects = compileAll(tools, architecture, host, hostFiles);
    publish(tools, architecture, objects, names);
    objects.push(assemble(tools, architecture, 'heap.S'));
    const file = path.join(output, `frontend-${architecture}`);
    copyFileSync(link(tools, architecture, objects, `frontend-${architecture}`), file);
    return file;
  });
}

const { values, positionals } = parseArgs({
  options: {
    sanitize: { type: 'boolean', default: false },
    script: { type: 'string', default: path.join(project, 'dist/frontend-engine.js') },
    modules: { type: 'string', default: path.join(project, 'dist/program') },
    output: { type: 'string', default: path.join(project, 'dist') },
  },
  allowPositionals: true,
});
const architectures = /** @type {import('./packages.mjs').Architecture[]} */ (
  positionals.length > 0 ? positionals : ['amd64', 'arm64']
);
let tools;
try {
  tools = openToolchain();
  for (const file of build(tools, values, architectures))
    console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(2)} MB`);
} catch (error) {
  console.error(`engine: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
} finally {
  tools?.close();
}
