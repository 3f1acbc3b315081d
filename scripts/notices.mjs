// Writes THIRD-PARTY-NOTICES: the licences of the packages that dist/ contains, and of the C libraries in the frontend
// image. With --check it fails when the file is out of date. Either way a bundled package without a licence text is an
// error.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundledPackages, readNotice } from './bundled-packages.mjs';
import { bundles, pages, root } from './bundles.mjs';
import { libraryNotices } from './image/library-notices.mjs';

const rule = '='.repeat(80);

/**
 * The licences of the packages that bundles take code from.
 *
 * @param {Parameters<typeof bundledPackages>[0]} entries
 */
export async function formatNoticesOf(entries) {
  const notices = [...(await bundledPackages(entries))]
    .map(([directory, files]) => readNotice(root, directory, files))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
  const parts = notices.map(({ name, version, license, texts }) =>
    [rule, `${name} ${version}`, license, rule, '', texts.join('\n\n'), ''].join('\n'),
  );
  return [
    'tsfront is distributed with code of the packages below. Each is under the licence that follows its name.\n',
    ...parts,
  ].join('\n');
}

/** The text of the file. */
export async function formatNotices() {
  const libraries = libraryNotices().map(({ name, version, text }) =>
    [rule, `${name} ${version}`, rule, '', text, ''].join('\n'),
  );
  const wasiLibc = readFileSync(path.join(root, 'scripts/notices/wasi-libc'), 'utf8').trim(); // from Debian's package
  return [
    await formatNoticesOf([...bundles, pages.graph]),
    rule,
    '',
    'The program in the frontend image also contains the C libraries below, from Debian. Their sources are at',
    'snapshot.debian.org, under the names and versions of the packages. Where a library may be used under one of several',
    'licences, it is used under the first. Parts of libgcc are in the program under the GCC Runtime Library Exception.\n',
    ...libraries,
    rule,
    '',
    'dist/program/quickjs.wasm, which is a part of quickjs-wasi, contains quickjs-ng, whose notice is above, and the C',
    'library below.\n',
    [rule, 'wasi-libc', rule, '', wasiLibc, ''].join('\n'),
  ].join('\n');
}

if (import.meta.main) {
  const file = path.join(root, 'THIRD-PARTY-NOTICES');
  try {
    const text = await formatNotices();
    if (!process.argv.includes('--check')) writeFileSync(file, text);
    else if (!existsSync(file) || readFileSync(file, 'utf8') !== text)
      throw new Error('THIRD-PARTY-NOTICES does not match the bundled packages; run "npm run notices"');
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
