/**
 * The golden cases: small Dockerfiles with what the reference frontend asked its daemon for and returned.
 *
 * `<area>/<name>.txtar` holds the files of a case (those without a prefix are in both the `dockerfile` and the
 * `context` source, `identifier!path` is a file of another one) and its `case.json`; `<name>.expected.json` is the
 * record.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { images } from './lib/images.mjs';
import { parseTxtar } from './lib/txtar.mjs';

export interface GoldenCase {
  /** What it shows. */
  readonly comment: string;
  readonly files: ReadonlyMap<string, string | Buffer>;
  readonly opts?: Readonly<Record<string, string>>;
  readonly images: Readonly<Record<string, { digest: string; platforms: Readonly<Record<string, unknown>> }>>;
  readonly inputs?: Readonly<Record<string, string | readonly string[]>>;
  readonly sources?: Readonly<Record<string, unknown>>;
  readonly forward?: unknown;
  readonly fail?: Readonly<Record<string, string>>;
  readonly workers?: readonly unknown[];
  readonly disableCaps?: readonly string[];
}

const root = import.meta.dirname;

/** Names of all cases, `<area>/<name>`. */
export function goldenNames(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.txtar'))
    .map((file) => file.replace(/\.txtar$/, ''))
    .sort();
}

export function readCase(name: string): GoldenCase {
  const { comment, files } = parseTxtar(readFileSync(path.join(root, `${name}.txtar`), 'utf8'));
  const settings = files.has('case.json') ? JSON.parse(String(files.get('case.json'))) : {};
  files.delete('case.json');
  return { comment, ...settings, files, images: { ...images, ...settings.images } };
}

/** The record of the reference. */
export function readExpected(name: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(path.join(root, `${name}.expected.json`), 'utf8'));
}
