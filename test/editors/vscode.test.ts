import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packExtension, writeExtension } from '../../scripts/vscode.mjs';
import { isDockerfileName } from '../../src/daemonless/find-dockerfiles.ts';
import { defaultSettings } from '../../src/lsp/settings.ts';

interface Manifest {
  readonly version: string;
  readonly main: string;
  readonly engines: { readonly vscode: string };
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly languages: readonly {
      readonly id: string;
      readonly filenames?: readonly string[];
      readonly filenamePatterns?: readonly string[];
      readonly extensions?: readonly string[];
    }[];
    readonly commands: readonly { readonly command: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown }>> };
  };
}

let dir: string;
let manifest: Manifest;

beforeAll(async () => {
  dir = path.join(mkdtempSync(path.join(tmpdir(), 'tsfront-vscode-')), 'extension');
  await writeExtension(dir);
  manifest = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'));
});
afterAll(() => rmSync(path.dirname(dir), { recursive: true, force: true }));

interface Activated {
  readonly commands: readonly string[];
  readonly shown: readonly string[];
  readonly problems: readonly string[];
}

/** Activates the extension with a stub of the editor; its server is the one in the extension. */
function activate(settings: object): Activated {
  const host = path.join(path.dirname(dir), 'host');
  mkdirSync(path.join(host, 'node_modules/vscode'), { recursive: true });
  const stub = path.join(path.dirname(dir), 'node_modules/vscode');
  mkdirSync(stub, { recursive: true });
  copyFileSync(path.join(import.meta.dirname, 'vscode-stub.cjs'), path.join(stub, 'index.js'));
  writeFileSync(path.join(stub, 'package.json'), '{ "main": "index.js" }');
  copyFileSync(path.join(import.meta.dirname, 'vscode-host.cjs'), path.join(path.dirname(dir), 'host.cjs'));
  const env = { ...process.env, SETTINGS: JSON.stringify(settings) };
  return JSON.parse(
    execFileSync(process.execPath, ['host.cjs', dir], { cwd: path.dirname(dir), env, encoding: 'utf8' }),
  );
}

test('the extension starts its own server, which finds the problems of an open Dockerfile', () => {
  const { commands, shown, problems } = activate({});
  expect(shown).toEqual([]);
  expect(problems).toContain('unknown-flag');
  expect(commands).toEqual(manifest.contributes.commands.map(({ command }) => command));
});

test('a server that does not start is told, and ends nothing', () => {
  const { shown } = activate({ 'server.command': [path.join(dir, 'nothing')] });
  expect(shown.some((text) => text.includes('The language server of tsfront does not start'))).toBe(true);
});

test('the manifest declares each setting of the server with its default', () => {
  const { properties } = manifest.contributes.configuration;
  for (const [name, value] of Object.entries(defaultSettings))
    expect(properties[`tsfront.${name}`]?.default, name).toEqual(value);
  const own = ['server.command', 'trace.server'];
  const names = [...Object.keys(defaultSettings), ...own].map((name) => `tsfront.${name}`);
  expect(Object.keys(properties).sort()).toEqual(names.sort());
});

test('the manifest names what is there, with the version of the package', () => {
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect(manifest.version).toBe(version);
  for (const file of [
    manifest.main,
    'dist/server.js',
    'dist/analysis-worker.js',
    'LICENSE',
    'README.md',
    'THIRD-PARTY-NOTICES',
  ])
    expect(existsSync(path.join(dir, file)), file).toBe(true);
  for (const event of manifest.activationEvents)
    expect(manifest.contributes.languages.map(({ id }) => `onLanguage:${id}`)).toContain(event);
});

test('the names that the editor takes for Dockerfiles are those that a check takes', () => {
  const [language] = manifest.contributes.languages;
  const names = [
    ...(language!.filenames ?? []),
    ...(language!.filenamePatterns ?? []).map((pattern) => pattern.replace('*', 'dev')),
    ...(language!.extensions ?? []).map((extension) => `api${extension}`),
  ];
  for (const name of names) expect(isDockerfileName(name), name).toBe(true);
});

test('the package of the extension has its files and nothing else', async () => {
  const file = path.join(path.dirname(dir), 'tsfront.vsix');
  await packExtension(dir, file);
  const bytes = readFileSync(file).toString('latin1');
  // The names in the central directory of the archive.
  const names = [...bytes.matchAll(/PK\x01\x02[\s\S]{24}([\s\S]{2})[\s\S]{16}/g)].map(
    ({ 0: head, 1: length = '', index }) => {
      const size = length.charCodeAt(0) + 256 * length.charCodeAt(1);
      return bytes.slice(index + head.length, index + head.length + size);
    },
  );
  expect(names.sort()).toEqual([
    '[Content_Types].xml',
    'extension.vsixmanifest',
    'extension/LICENSE.txt',
    'extension/THIRD-PARTY-NOTICES',
    'extension/dist/analysis-worker.js',
    'extension/dist/extension.cjs',
    'extension/dist/graph.html',
    'extension/dist/server.js',
    'extension/package.json',
    'extension/readme.md',
  ]);
});
