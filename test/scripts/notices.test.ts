import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundledPackages, readNotice } from '../../scripts/bundled-packages.mjs';
import { bundles } from '../../scripts/bundles.mjs';
import { runtimeNotices } from '../../scripts/image/runtime-notices.mjs';
import { temporaryDir } from '../client/temporary-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('THIRD-PARTY-NOTICES', () => {
  let packages: Map<string, Set<string>>;
  beforeAll(async () => {
    packages = await bundledPackages(bundles);
  });

  test('has name, version, licence and text of each package in the bundles', () => {
    const text = readFileSync(path.join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
    expect(packages.size).toBeGreaterThan(15);
    for (const [folder, files] of packages) {
      const { name, version, license, texts } = readNotice(root, folder, files);
      expect(text).toContain(`\n${name} ${version}\n${license}\n`);
      expect(texts.join('').length, name).toBeGreaterThan(500);
      for (const part of texts) expect(text).toContain(part);
    }
    for (const name of ['chevrotain', '@grpc/grpc-js', '@bufbuild/protobuf', 'protobufjs', 'commander', 'shell-quote'])
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
    expect(text).toContain('Copyright 2008 Google Inc.');
  });

  test('is in the package, with SECURITY.md', () => {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' }),
    );
    const names = packed.files.map((file: { path: string }) => file.path);
    expect(names).toEqual(expect.arrayContaining(['LICENSE', 'SECURITY.md', 'THIRD-PARTY-NOTICES']));
  });
});

describe('a bundled package', () => {
  const make = (manifest: object, files: Record<string, string>) => {
    const folder = temporaryDir();
    for (const [name, text] of Object.entries({
      'package.json': JSON.stringify(manifest),
      LICENSE: 'ours',
      ...files,
    })) {
      mkdirSync(path.dirname(path.join(folder, 'p', name)), { recursive: true });
      writeFileSync(path.join(folder, 'p', name), text);
    }
    return folder;
  };
  const named = { name: 'p', version: '1.0.0' };

  test('without a licence text is refused', () => {
    const folder = make({ ...named, license: 'MIT' }, { 'index.js': '// Copyright Someone\nlet x;' });
    execFileSync('rm', [path.join(folder, 'p/LICENSE')]);
    expect(() => readNotice(folder, 'p', new Set(['p/index.js']))).toThrow(
      'p 1.0.0 is bundled, but a text of MIT is not in p',
    );
  });

  test('without the name of a licence is refused', () => {
    expect(() => readNotice(make(named, {}), 'p', new Set())).toThrow('the name of its licence is not in p');
  });

  test('brings its notice files along', () => {
    const folder = make({ ...named, license: 'Apache-2.0' }, { 'NOTICE.md': 'made by P', 'README.md': 'no' });
    expect(readNotice(folder, 'p', new Set())).toEqual({
      ...named,
      license: 'Apache-2.0',
      texts: ['ours', 'made by P'],
    });
  });
});

describe("the image's notices of Node and its libraries", () => {
  const makeRoot = () => {
    const folder = temporaryDir();
    const write = (file: string, text: string) => {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    };
    write('usr/local/LICENSE', "Node's licence");
    write('usr/share/doc/libc6/copyright', "glibc: see `/usr/share/common-licenses/LGPL-2.1'.");
    write('usr/share/doc/gcc-14-base/copyright', 'gcc: see /usr/share/common-licenses/GPL.');
    for (const name of ['libstdc++6', 'libgcc-s1'])
      symlinkSync('gcc-14-base', path.join(folder, 'usr/share/doc', name));
    write('usr/share/common-licenses/LGPL-2.1', 'text of LGPL-2.1');
    write('usr/share/common-licenses/GPL-3', 'text of GPL-3');
    symlinkSync('GPL-3', path.join(folder, 'usr/share/common-licenses/GPL'));
    write('var/lib/dpkg/status', 'Package: libc6\nVersion: 2.41\n\nPackage: libgcc-s1\nVersion: 14\n\n');
    return folder;
  };
  const libraries = ['libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libc.so.6', 'ld-linux-x86-64.so.2'];

  test('are complete', () => {
    const folder = makeRoot();
    const text = runtimeNotices(folder, path.join(folder, 'usr/local/LICENSE'), libraries);
    for (const part of [
      "Node's licence",
      'Debian: libc6 2.41\n',
      'Debian: libgcc-s1 14, libstdc++6\n',
      'glibc: see',
      'gcc: see',
    ])
      expect(text.split(part)).toHaveLength(2);
    for (const part of ['text of LGPL-2.1', 'text of GPL-3']) expect(text.split(part)).toHaveLength(2);
    expect(text).not.toContain(folder);
  });

  test('fail where one is missing', () => {
    const folder = makeRoot();
    const notices = (names: string[]) => runtimeNotices(folder, path.join(folder, 'usr/local/LICENSE'), names);
    expect(() => notices([...libraries, 'libz.so.1'])).toThrow(
      'the licence of libz1, which is in the image, is not in',
    );
    expect(() => notices(['strange.so'])).toThrow('which Debian package is strange.so from?');
  });
});
