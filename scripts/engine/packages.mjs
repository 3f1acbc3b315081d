/**
 * Debian packages with compilers, sources and libraries, unpacked into directories of the cache without installing
 * them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const project = path.resolve(import.meta.dirname, '../..');
/** Where packages and what is made of them lie, for builds without network. */
export const cache = process.env.ENGINE_CACHE ?? path.join(project, '.cache/engine');
/** The packages, their versions and the digests of their files. */
export const pins = JSON.parse(readFileSync(path.join(import.meta.dirname, 'packages.json'), 'utf8'));

/** @typedef {'amd64' | 'arm64'} Architecture */

/** What Debian calls the architecture of this machine, which is one of the two wherever a program is built. */
export const machine = /** @type {Architecture} */ (process.arch === 'x64' ? 'amd64' : process.arch);

/**
 * Unpacks the packages of a list in packages.json, unless the cache has them.
 *
 * @param {string} name of the list
 * @param {string} directory a path inside the cache
 * @param {string} architecture of the packages
 * @returns {string} the directory
 */
export function unpackPackages(name, directory, architecture = machine) {
  const { suite } = pins[name];
  const pinned = pins[name][architecture];
  if (!pinned) throw new Error(`${name}: packages.json has no packages of ${architecture}`);
  const root = path.join(cache, directory);
  const list = path.join(cache, `${directory.replaceAll('/', '-')}.txt`);
  const wanted = Object.keys(pinned);
  const isThere = () =>
    existsSync(root) &&
    existsSync(list) &&
    linesOf(list)
      .map(([found]) => found)
      .join() === wanted.join();
  if (!isThere()) {
    mkdirSync(path.dirname(root), { recursive: true });
    writeFileSync(list, download(suite, architecture, root, wanted));
    // What Debian's base-files has: programs find their loader and libraries.
    for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
      const link = path.join(root, name);
      if (!existsSync(link) && existsSync(path.join(root, 'usr', name))) symlinkSync(`usr/${name}`, link);
    }
  }
  for (const [found = '', version, digest] of linesOf(list)) {
    const [pinnedVersion, pinnedDigest] = pinned[found].split(' ');
    if (version !== pinnedVersion)
      console.error(`engine: ${found} is ${version}, not the one of packages.json: the bytes will be others, too`);
    else if (digest !== pinnedDigest)
      throw new Error(`${found} ${version} has the digest ${digest}, not that of packages.json: remove ${root}`);
  }
  return root;
}

/**
 * Downloads and unpacks; returns a line for each package. What a mirror has is authentic: apt has checked its
 * signatures.
 *
 * @param {string} suite
 * @param {string} architecture
 * @param {string} root
 * @param {readonly string[]} wanted
 */
function download(suite, architecture, root, wanted) {
  const script = path.join(import.meta.dirname, 'debian-packages.sh');
  const { status, stdout } = spawnSync(script, [suite, architecture, root, ...wanted], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status === 0) return stdout;
  throw new Error(
    `${suite} at this machine's mirrors does not give all of ${wanted.join(', ')}. DEBIAN_MIRROR names another mirror, such as a snapshot of an earlier day; ENGINE_CACHE names a directory that an earlier build has filled.`,
  );
}

/**
 * @returns {string[][]}
 * @param {string} list
 */
const linesOf = (list) =>
  readFileSync(list, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
