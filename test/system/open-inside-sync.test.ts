import {
  closeSync,
  mkdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { decodeText } from '../../src/go/text.ts';
import { insideOf, LeadsOutside, openBelowSync, openInsideSync } from '../../src/system/open-inside.ts';
import { temporaryDir } from '../temporary-dir.ts';

function tree(): string {
  const root = realpathSync(temporaryDir({ 'a/b/file': 'inside' }));
  symlinkSync('a', path.join(root, 'link'));
  symlinkSync('/etc/passwd', path.join(root, 'a/passwd'));
  return root;
}

const read = (descriptor: number) => {
  const bytes = Buffer.alloc(100);
  const length = readSync(descriptor, bytes);
  closeSync(descriptor);
  return bytes.toString('utf8', 0, length);
};

test('opens files and directories of a directory, and the directory itself', () => {
  const root = tree();
  expect(read(openInsideSync(root, 'a/b/file'))).toBe('inside');
  for (const name of ['', 'a', 'a/b']) closeSync(openInsideSync(root, name));
});

test('follows no link at any level, and no way out', () => {
  const root = tree();
  for (const name of ['link', 'link/b', 'link/b/file', 'a/passwd', '..', 'a/../../x', '../../../../etc/passwd'])
    expect(() => openInsideSync(root, name), name).toThrow(LeadsOutside);
  expect(() => openInsideSync(root, 'absent')).toThrow('ENOENT');
});

test('what is open stays what it is when its directory is swapped for a link', () => {
  const root = tree();
  const descriptor = openInsideSync(root, 'a/b');
  const inside = insideOf(descriptor, `${root}/a/b`);
  inside.check();
  renameSync(path.join(root, 'a'), path.join(root, 'was'));
  mkdirSync(path.join(root, 'outside/b'), { recursive: true });
  writeFileSync(path.join(root, 'outside/b/file'), 'outside');
  symlinkSync('outside', path.join(root, 'a'));
  expect(readFileSync(inside.own('file'), 'utf8')).toBe('outside');
  expect(readFileSync(inside.file('file'), 'utf8')).toBe('inside');
  expect(read(openBelowSync(inside, 'file'))).toBe('inside');
  expect(() => inside.check()).toThrow('was moved, or its path has a link');
  closeSync(descriptor);
});

test('a directory that was removed is one that is not there', () => {
  const root = tree();
  const descriptor = openInsideSync(root, 'a/b');
  rmSync(path.join(root, 'a'), { recursive: true });
  expect(() => insideOf(descriptor, `${root}/a/b`).check()).toThrow('ENOENT');
  closeSync(descriptor);
});

test('errors have the file’s own path', () => {
  const root = tree();
  const descriptor = openInsideSync(root, 'a');
  const inside = insideOf(descriptor, `${root}/a`);
  expect(() => openBelowSync(inside, "it's absent")).toThrow(
    `ENOENT: no such file or directory, open '${root}/a/it's absent'`,
  );
  expect(() => openBelowSync(inside, 'passwd')).toThrow('passwd is a link');
  closeSync(descriptor);
});

test('opens files whose names are not UTF-8', () => {
  const root = tree();
  const name = decodeText(Buffer.from('n\xff', 'latin1'));
  mkdirSync(Buffer.from(`${root}/n\xff`, 'latin1'));
  writeFileSync(Buffer.from(`${root}/n\xff/n\xff`, 'latin1'), 'bytes');
  expect(read(openInsideSync(root, `${name}/${name}`))).toBe('bytes');
});
