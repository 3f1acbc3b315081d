/**
 * The notices of the C libraries that the frontend's program is linked with. They are Debian's copyright files, kept in
 * copyright/ so that THIRD-PARTY-NOTICES can be made without the packages.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cache, pins } from '../engine/packages.mjs';

/**
 * Debian's packages, their list in scripts/engine/packages.json, and the directory of the cache that they are unpacked
 * in.
 */
const libraries = [
  { name: 'quickjs-ng', debian: 'qjs-src', list: 'quickjs', directory: 'tools/quickjs' },
  { name: 'musl', debian: 'musl-dev', list: 'libraries', directory: 'tools/libraries-amd64' },
  { name: 'zlib', debian: 'zlib1g-dev', list: 'libraries', directory: 'tools/libraries-amd64' },
  { name: 'zstd', debian: 'libzstd-dev', list: 'libraries', directory: 'tools/libraries-amd64' },
];

/** @param {string} debian */
const keptFile = (debian) => path.join(import.meta.dirname, 'copyright', debian);

/** The name, Debian's version and the notice of each library. */
export function libraryNotices() {
  return libraries.map(({ name, debian, list }) => {
    const [version] = pins[list].amd64[debian].split(' ');
    return { name, version: `(Debian ${debian} ${version})`, text: readFileSync(keptFile(debian), 'utf8').trim() };
  });
}

/**
 * Compares the kept files with those of the packages that a program has been made from.
 * @throws Error if one differs
 */
export function checkLibraryNotices() {
  for (const { debian, directory } of libraries) {
    const file = path.join(cache, directory, 'usr/share/doc', debian, 'copyright');
    if (!readFileSync(file).equals(readFileSync(keptFile(debian))))
      throw new Error(
        `the copyright file of ${debian} has changed: copy ${file} to scripts/image/copyright, and run "npm run notices"`,
      );
  }
}
