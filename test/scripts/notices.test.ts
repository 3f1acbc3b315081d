import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundledPackages, readNotice } from '../../scripts/bundled-packages.mjs';
import { bundles } from '../../scripts/bundles.mjs';
import { temporaryDir, writeFiles } from '../temporary-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('THIRD-PARTY-NOTICES', () => {
  let packages: Map<string, Set<string>>;
  beforeAll(async () => {
    packages = await bundledPackages(bundles);
  });

  test('THIRD-PARTY-NOTICES has name, version, licence and text of each package in the bundles', () => {
    const text = readFileSync(path.join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
    expect(packages.size).toBeGreaterThan(15);
    for (const [dir, files] of packages) {
      const { name, version, license, texts } = readNotice(root, dir, files);
      expect(text).toContain(`\n${name} ${version}\n${license}\n`);
      expect(texts.join('').length, name).toBeGreaterThan(500);
      for (const part of texts) expect(text).toContain(part);
    }
    for (const name of ['chevrotain', '@grpc/grpc-js', '@bufbuild/protobuf', 'protobufjs', 'commander', 'shell-quote'])
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
    expect(text).toContain('Copyright 2008 Google Inc.');
  });

  test('THIRD-PARTY-NOTICES is in the package, with SECURITY.md', () => {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' }),
    );
    const names = packed.files.map((file: { path: string }) => file.path);
    expect(names).toEqual(expect.arrayContaining(['LICENSE', 'SECURITY.md', 'THIRD-PARTY-NOTICES']));
  });
});

describe('a bundled package', () => {
  const make = (manifest: object, files: Record<string, string>) => {
    const dir = temporaryDir();
    writeFiles(path.join(dir, 'p'), { 'package.json': JSON.stringify(manifest), LICENSE: 'ours', ...files });
    return dir;
  };
  const named = { name: 'p', version: '1.0.0' };

  test('a bundled package without a licence text is refused', () => {
    const dir = make({ ...named, license: 'MIT' }, { 'index.js': '// Copyright Someone\nlet x;' });
    execFileSync('rm', [path.join(dir, 'p/LICENSE')]);
    expect(() => readNotice(dir, 'p', new Set(['p/index.js']))).toThrow(
      'p 1.0.0 is bundled, but a text of MIT is not in p',
    );
  });

  test('a bundled package without the name of a licence is refused', () => {
    expect(() => readNotice(make(named, {}), 'p', new Set())).toThrow('the name of its licence is not in p');
  });

  test('brings its notice files along', () => {
    const dir = make({ ...named, license: 'Apache-2.0' }, { 'NOTICE.md': 'made by P', 'README.md': 'no' });
    expect(readNotice(dir, 'p', new Set())).toEqual({
      ...named,
      license: 'Apache-2.0',
      texts: ['ours', 'made by P'],
    });
  });
});

describe("the C libraries of the image's program", () => {
  test('the C libraries have the notices that Debian has', () => {
    const text = readFileSync(path.join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
    for (const part of [
      /^quickjs-ng \(Debian qjs-src \d\S+\)\n[\s\S]*Copyright: 2017-2024 Fabrice Bellard/m,
      /^musl \(Debian musl-dev \d\S+\)\n[\s\S]*Copyright: 2005-2020 Rich Felker/m,
      /^zlib \(Debian zlib1g-dev \d\S+\)\n[\s\S]*Mark Adler/m,
      /^zstd \(Debian libzstd-dev \d\S+\)\n[\s\S]*Meta Platforms/m,
    ])
      expect(text).toMatch(part);
  });

  test('the notices name the C libraries that the program is linked with', () => {
    const { libraries, quickjs } = JSON.parse(readFileSync(path.join(root, 'scripts/engine/packages.json'), 'utf8'));
    const linked = [libraries, quickjs].flatMap(({ amd64 }) => Object.keys(amd64)).sort();
    expect(readdirSync(path.join(root, 'scripts/image/copyright')).sort()).toEqual(linked);
  });
});

test('what the engine of build programs in WebAssembly contains has its notices', () => {
  const text = readFileSync(path.join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
  expect(text).toMatch(/^quickjs-wasi \d\S+\nMIT\n=+\n/m);
  expect(text).toMatch(/^dist\/program\/quickjs\.wasm[\s\S]*^wasi-libc\n=+\n[\s\S]*cloudlibc/m);
});
