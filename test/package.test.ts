/** What is in the package, and that its documents lead nowhere else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' }),
) as [{ files: { path: string }[] }];
const names = packed.files.map((file) => file.path);
const documents = names.filter((name) => name.endsWith('.md'));

/** The headings of a document as its web page names them: one that was there before gets a number. */
function anchorsOf(text: string): string[] {
  const headings = text.replace(/^```.*?^```/gms, '').match(/^#+ .*$/gm) ?? [];
  const slugs = headings.map((heading) => heading.replace(/^#+ /, '').toLowerCase());
  const anchors = slugs.map((slug) => slug.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
  return anchors.map((anchor, at) => {
    const before = anchors.slice(0, at).filter((other) => other === anchor).length;
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

test('the package has its documents, and no sources, tests or scripts', () => {
  const expected = [
    'README.md',
    'SECURITY.md',
    'LICENSE',
    'THIRD-PARTY-NOTICES',
    'docs/limits.md',
    'docs/api/tsfront.md',
  ];
  expect(names).toEqual(expect.arrayContaining(expected)); // biome-ignore format: a list
  const ofOthers = /^(test|src|scripts|bench|engine)\/(?!README)|frontend-engine/;
  expect(names.filter((name) => ofOthers.test(name))).toEqual([]);
});

test('package.json names the repository, the licence and the words to find it by', () => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  expect(manifest).toMatchObject({
    repository: { type: 'git', url: 'git+https://github.com/org/tsfront.git' },
    homepage: 'https://github.com/org/tsfront#readme',
    bugs: { url: 'https://github.com/org/tsfront/issues' },
    license: 'Apache-2.0',
  });
  expect(manifest.keywords).toEqual(expect.arrayContaining(['buildkit', 'docker', 'dockerfile', 'llb']));
});

test('CONTRIBUTING.md gives the reason for each dependency', () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const [, chapter = ''] = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8').split('\n## Packages\n');
  const reasons = [...chapter.matchAll(/^\| `([^`]+)` +\| \S/gm)].map(([, name]) => name);
  expect(reasons.sort()).toEqual([...Object.keys(dependencies), ...Object.keys(optionalDependencies)].sort());
});

test('a release publishes the package after the tests, with provenance and no token', () => {
  const workflow = readFileSync(path.join(root, '.github/workflows/release.yml'), 'utf8');
  const job = /^ {2}package:\n((?: {4}.*\n|\n)+)/m.exec(workflow)?.[1] ?? '';
  expect(job).toContain('needs: test\n');
  expect(job).toContain('id-token: write\n');
  expect(job).toContain('npm publish --provenance --access public');
  expect(job).not.toMatch(/secrets\.|registry/i);
});

test('a release has the extension of VS Code that the script makes', () => {
  const workflow = readFileSync(path.join(root, '.github/workflows/release.yml'), 'utf8');
  const job = /^ {2}extension:\n((?: {4}.*\n|\n)+)/m.exec(workflow)?.[1] ?? '';
  const [, made] = /path\.join\(root, '(dist\/[\w.]+\.vsix)'\)/.exec(
    readFileSync(path.join(root, 'scripts/vscode.mjs'), 'utf8'),
  )!;
  expect(job).toContain('needs: notes\n');
  expect(job).toMatch(new RegExp(`npm run vscode\n.* gh release upload "\\$GITHUB_REF_NAME" ${made} `));
});

test('a release has the section of CHANGELOG.md with its version as its notes', () => {
  const notes = (version: string) =>
    spawnSync(process.execPath, ['scripts/release-notes.mjs', version], { cwd: root, encoding: 'utf8' });
  expect(notes('Unreleased').stdout).toMatch(/^Equals BuildKit v[\d.]+ .*\n\n### Added\n/);
  const { status, stderr } = notes('9.9.9');
  expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('no section "## 9.9.9"') });
});

test.each(documents)('each link of %s is in the package', (name) => {
  const text = readFileSync(path.join(root, name), 'utf8');
  const prose = text.replace(/^```.*?^```/gms, '').replace(/`[^`]*`/g, '');
  for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? name : path.posix.join(path.posix.dirname(name), file);
    expect(
      names.some((it) => it === linked || it.startsWith(`${linked}/`)),
      `${target} in ${name}`,
    ).toBe(true);
    if (anchor !== undefined)
      expect(anchorsOf(readFileSync(path.join(root, linked), 'utf8')), `${target} in ${name}`).toContain(anchor);
  }
});

test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'])(
  '%s names files and directories that exist',
  (name) => {
    const text = readFileSync(path.join(root, name), 'utf8');
    const directories = ['src', 'site', 'engine', 'test', 'scripts', 'docs', 'bench', 'examples', '.github/workflows'];
    const existing = [
      ...readdirSync(root),
      ...directories.flatMap((directory) =>
        (readdirSync(path.join(root, directory), { recursive: true }) as string[]).map((it) =>
          path.join(directory, it),
        ),
      ),
      ...directories,
    ];
    const files = [...text.matchAll(/`([\w./-]+\.(?:ts|mjs|md|json|yml))`/g)].map(([, it = '']) => it);
    const below = [...text.matchAll(/`((?:src|engine|test|scripts|docs|bench)\/[\w./-]*\w)`/g)].map(
      ([, it = '']) => it,
    );
    const ofUsers = ['tsfront.json']; // a file that users write
    const named = [...files, ...below].filter((it) => !ofUsers.includes(it));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((it) => !existing.some((file) => `/${file}`.endsWith(`/${it}`)))).toEqual([]);
  },
);
