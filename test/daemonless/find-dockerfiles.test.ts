import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findDockerfiles, isDockerfileName } from '../../src/daemonless/find-dockerfiles.ts';
import { onDisk } from '../../src/system/file-name.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** A directory with empty files. */
function tree(...files: string[]): string {
  const root = temporaryDir();
  for (const file of files) {
    mkdirSync(onDisk(path.join(root, path.dirname(file))), { recursive: true });
    writeFileSync(onDisk(path.join(root, file)), '');
  }
  return root;
}

const found = async (root: string, ...paths: string[]) => {
  const { files } = await findDockerfiles(paths.map((it) => path.join(root, it)));
  return files.map((file) => path.relative(root, file.path));
};

/** With the directory as the current one, as users see their paths. */
async function foundIn(root: string, ...paths: string[]): Promise<string[]> {
  const before = process.cwd();
  process.chdir(root);
  onTestFinished(() => process.chdir(before));
  return (await findDockerfiles(paths)).files.map((file) => file.path);
}

test('a file is a Dockerfile by its name, and what stands beside one is none', () => {
  const names = [
    'Dockerfile',
    'dockerfile',
    'Containerfile',
    'Dockerfile.dev',
    'Dockerfile-alpine',
    'Dockerfile_test',
    'Dockerfile.node-22',
    'Containerfile.prod',
    'api.Dockerfile',
    'api.dockerfile',
    'api.containerfile',
  ];
  const others = [
    'Dockerfile.dockerignore',
    'api.Dockerfile.dockerignore',
    'Dockerfile.lock',
    'Dockerfile.ts',
    'Dockerfile.md',
    'Dockerfile.j2',
    'Dockerfile-linux.template',
    'Dockerfile.orig',
    'Dockerfile~',
    'dockerfile.go',
    'Dockerfiles',
    'MyDockerfile',
    '.dockerfile',
    'build.ts',
  ];
  expect(names.filter((name) => !isDockerfileName(name))).toEqual([]);
  expect(others.filter(isDockerfileName)).toEqual([]);
});

test('a directory stands for all Dockerfiles below it, in the byte order of their paths', async () => {
  const root = tree('b/Dockerfile', 'Dockerfile', 'a/deep/er/api.Dockerfile', 'a/main.go', 'Dockerfile.dockerignore');
  expect(await foundIn(root, '.')).toEqual(['Dockerfile', 'a/deep/er/api.Dockerfile', 'b/Dockerfile']);
  expect(await foundIn(root, 'a', './b/')).toEqual(['a/deep/er/api.Dockerfile', 'b/Dockerfile']);
});

test('version control and packages are not searched, unless they are named', async () => {
  const root = tree('.git/Dockerfile', 'node_modules/p/Dockerfile', 'x/node_modules/Dockerfile', '.ci/Dockerfile');
  expect(await found(root, '.')).toEqual(['.ci/Dockerfile']);
  expect(await found(root, 'node_modules/p')).toEqual(['node_modules/p/Dockerfile']);
});

test('ignore files are not read', async () => {
  const root = tree('build/Dockerfile');
  writeFileSync(path.join(root, '.gitignore'), 'build\n');
  writeFileSync(path.join(root, '.dockerignore'), '**\n');
  expect(await found(root, '.')).toEqual(['build/Dockerfile']);
});

test('a named file counts whatever its name is, and each file counts once', async () => {
  const root = tree('image.build', 'Dockerfile');
  symlinkSync('image.build', path.join(root, 'link'));
  const { files } = await findDockerfiles(
    ['image.build', '.', 'Dockerfile', 'link', './image.build'].map((it) => path.join(root, it)),
  );
  expect(files).toEqual([
    { path: path.join(root, 'image.build'), isNamed: true },
    { path: path.join(root, 'Dockerfile'), isNamed: true },
  ]);
});

test('links below a directory are not followed, and a named link is', async () => {
  const root = tree('real/Dockerfile', 'other/api.Dockerfile');
  symlinkSync('..', path.join(root, 'real/up'));
  symlinkSync('../other/api.Dockerfile', path.join(root, 'real/Dockerfile.link'));
  symlinkSync('real', path.join(root, 'link'));
  expect(await found(root, 'real')).toEqual(['real/Dockerfile']);
  expect(await found(root, 'link')).toEqual(['link/Dockerfile']);
  expect(await found(root, 'real/Dockerfile.link')).toEqual(['real/Dockerfile.link']);
});

test('a pattern stands for files, and for the Dockerfiles of directories that it matches', async () => {
  const root = tree('services/a/Dockerfile', 'services/a/main.go', 'services/b/x.build', 'services/b/c/Dockerfile');
  expect(await foundIn(root, 'services/*/Dockerfile')).toEqual(['services/a/Dockerfile']);
  expect(await foundIn(root, './services/**/Dockerfile')).toEqual(['services/a/Dockerfile', 'services/b/c/Dockerfile']);
  expect(await foundIn(root, 'services/{a,b}')).toEqual(['services/a/Dockerfile', 'services/b/c/Dockerfile']);
  expect(await foundIn(root, 'services/*/*.build')).toEqual(['services/b/x.build']);
  expect(await foundIn(root, '**')).toEqual(['services/a/Dockerfile', 'services/b/c/Dockerfile']);
  expect(await found(root, 'services/[ab]/Dockerfile')).toEqual(['services/a/Dockerfile']);
});

test('a pattern that is the name of a file stands for that file', async () => {
  const root = tree('[id]/Dockerfile', 'i/Dockerfile');
  expect(await found(root, '[id]/Dockerfile')).toEqual(['[id]/Dockerfile']);
});

test('names that are not UTF-8 are found', async () => {
  const root = tree('a\udcff/Dockerfile');
  expect(await found(root, '.')).toEqual(['a\udcff/Dockerfile']);
});

test('a path that stands for nothing is an error that says so', async () => {
  const root = tree('a/main.go');
  await expect(found(root, 'b')).rejects.toThrow(/^there is no file or directory .*\/b$/);
  await expect(found(root, 'a/main.go/x')).rejects.toThrow('there is no file or directory');
  await expect(found(root, 'a')).rejects.toThrow(/^there is no Dockerfile under .*\/a: name the file/);
  await expect(found(root, '*/Dockerfile')).rejects.toThrow(/^no Dockerfile matches .*\/\*\/Dockerfile$/);
  await expect(found(root, 'a/[z-a]')).rejects.toThrow('has a range that ends before it begins');
  await expect(findDockerfiles([''])).rejects.toThrow('a path is empty');
});

test.skipIf(process.getuid?.() === 0)(
  'a directory that cannot be read is named, and the others are searched',
  async () => {
    const root = tree('a/Dockerfile', 'b/Dockerfile');
    chmodSync(path.join(root, 'a'), 0);
    onTestFinished(() => chmodSync(path.join(root, 'a'), 0o755));
    const { files, unreadable } = await findDockerfiles([root]);
    expect(files.map((it) => it.path)).toEqual([path.join(root, 'b/Dockerfile')]);
    expect(unreadable).toEqual([{ path: path.join(root, 'a'), reason: 'permission denied' }]);
    await expect(found(root, 'a')).rejects.toThrow(/^cannot read .*\/a: permission denied$/);
  },
);

test('a search can be stopped', async () => {
  const root = tree('Dockerfile');
  await expect(findDockerfiles([root], { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
});
