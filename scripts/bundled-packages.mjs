/** The packages whose code is in dist/, and what their licences want to be said with it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * Maps the directory of each package that the bundles take code from to the files that they take.
 *
 * @param {readonly import('esbuild').BuildOptions[]} bundles
 * @returns {Promise<Map<string, Set<string>>>}
 */
export async function bundledPackages(bundles) {
  const packages = new Map();
  for (const options of bundles) {
    const { metafile } = await build({ ...options, write: false, metafile: /** @type {const} */ (true) });
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    for (const [file, { bytesInOutput }] of inputs) {
      const directory = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
      if (!directory || bytesInOutput === 0) continue;
      const files = packages.get(directory) ?? new Set();
      packages.set(directory, files.add(file));
    }
  }
  return packages;
}

const licenceFile = /^(licen[cs]e|notice|copying|copyright|third[-_ ]?party)([-_.].*)?$/i;

/**
 * Texts of licences that are the same for all who use them. What names its authors in its text has to bring it along.
 */
/** @type {Readonly<Record<string, string>>} */
const standardTexts = { 'Apache-2.0': 'LICENSE' };

/**
 * The name, version, licence and texts of a package: the files that state its licence or, where it has none, the
 * notices at the head of its sources and the standard text. A package for which that does not amount to a licence is an
 * error.
 *
 * @param {string} root
 * @param {string} directory of the package, in `root`
 * @param {ReadonlySet<string>} files that are bundled, in `root`
 * @returns {{ name: string, version: string, license: string, texts: string[] }}
 */
export function readNotice(root, directory, files) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(root, directory, 'package.json'), 'utf8'));
  /** @param {string} file */
  const read = (file) => readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n').trim();
  /** @param {string} what */
  const missing = (what) =>
    new Error(
      `${name} ${version} is bundled, but ${what} is not in ${directory}: its notice cannot be shipped.\n` +
        'Take another version or package, or teach scripts/bundled-packages.mjs where the text is.',
    );
  if (typeof license !== 'string' || license === '') throw missing('the name of its licence');
  const stated = readdirSync(path.join(root, directory))
    .filter((file) => licenceFile.test(file))
    .sort();
  if (stated.some((file) => /^(licen[cs]e|copying)/i.test(file)))
    return { name, version, license, texts: stated.map((file) => read(path.join(directory, file))) };

  const heads = [...new Set([...files].map((file) => copyrightNotice(read(file))))].filter(Boolean).sort();
  const texts = heads.filter((text, at) => at === 0 || !text.startsWith(heads[at - 1] ?? '')); // a comment may run on
  for (const id of license.split(/[()\s]+|\bAND\b/).filter(Boolean)) {
    const standardText = standardTexts[id];
    if (standardText) texts.push(read(standardText));
    else if (!texts.some((text) => isLicence(id, text))) throw missing(`a text of ${id}`);
  }
  return { name, version, license, texts };
}

/**
 * The comment that a source file begins with, if it is about copyright.
 *
 * @param {string} source
 */
function copyrightNotice(source) {
  const [comment] = /^(?:\/\/.*\n)+|^\/\*[\s\S]*?\*\//.exec(source) ?? [''];
  if (!/copyright/i.test(comment)) return '';
  return comment
    .replaceAll(/^(?:\/\*+|\s*\*\/|\s*\*|\/\/)? ?/gm, '')
    .replace(/\*\/$/, '')
    .trim();
}

/**
 * @param {string} id
 * @param {string} text
 */
function isLicence(id, text) {
  if (id.startsWith('BSD-')) return /Redistributions in binary form must\s+reproduce/.test(text);
  if (id === 'MIT') return /Permission is hereby granted, free of charge/.test(text);
  return false;
}
