/** The pages of `site`: each is one file that loads nothing. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { darkColors, drawingStyle, fonts, lightColors } from '../src/graph/draw.ts';
import { pages, root } from './bundles.mjs';

/** @param {string} file */
const read = (file) => readFileSync(path.join(root, 'site', file), 'utf8');

/**
 * The page of `tsfront graph`, without its title and its graph: src/graph/page.ts puts them in place of %title% and
 * %data%.
 */
export async function graphPage() {
  return fillPage({ script: await bundle(pages.graph), style: styleOf('viewer/style.css') });
}

/** The playground: the same page with an editor, and the compiler for its thread. */
export async function playground() {
  const worker = JSON.stringify(await bundle(pages.worker)).replaceAll('<', '\\u003c');
  return fillPage({
    script: await bundle(pages.playground),
    style: styleOf('viewer/style.css', 'playground/style.css'),
    policy: 'worker-src blob:; img-src data:',
    title: 'Dockerfile playground · tsfront',
    heading: 'Dockerfile playground',
    data: `<script type="application/json" id="worker">${worker}</script>`,
    below: read('playground/below.template'),
    above: read('playground/above.template'),
  });
}

/** @param {import('esbuild').BuildOptions} options */
async function bundle(options) {
  const { outputFiles = [] } = await build({ ...options, write: false });
  return outputFiles.map(({ text }) => text).join('');
}

/** @param {...string} files */
function styleOf(...files) {
  const theme = `:root{${lightColors};${fonts}}@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${darkColors};color-scheme:dark}}:root[data-theme=dark]{${darkColors};color-scheme:dark}:root[data-theme=light]{color-scheme:light}`;
  return [theme, drawingStyle, ...files.map(read)].join('\n');
}

/**
 * The page with its parts. Its policy allows this script and this style, and nothing else; the playground's editor
 * makes styles of its own.
 *
 * @param {Record<string, string> & { script: string, style: string }} options
 */
function fillPage({ script, style, policy = '', ...parts }) {
  // `</script` is escaped by esbuild.
  /** @param {string} text */
  const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const rules = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${policy ? "'unsafe-inline'" : hash(style)}`,
    ...(policy ? [policy] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  /** @type {Readonly<Record<string, string>>} */
  const given = { script, style, policy: rules.join('; '), above: '', below: '', ...parts };
  return read('page.template').replaceAll(/%(\w+)%/g, (whole, name) => given[name] ?? whole);
}
