import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

let context: string;
beforeAll(() => {
  context = temporaryDir();
  mkdirSync(path.join(context, 'src/sub'), { recursive: true });
  mkdirSync(path.join(context, 'left-out'));
  mkdirSync(path.join(context, 'partly'));
  for (const file of [
    'src/a.txt',
    'src/sub/b.txt',
    'left-out/c.txt',
    'partly/kept.txt',
    'partly/gone.txt',
    'x.log',
    '[a].txt',
  ])
    writeFileSync(path.join(context, file), file);
  symlinkSync('src', path.join(context, 'link'));
  symlinkSync('nowhere', path.join(context, 'dangling'));
  mkdirSync(path.join(context, 'links'));
  symlinkSync('nowhere', path.join(context, 'links/to-nothing'));
  symlinkSync('links', path.join(context, 'to-links'));
  symlinkSync('circle', path.join(context, 'circle'));
  symlinkSync('left-out/c.txt', path.join(context, 'to-left-out'));
  writeFileSync(path.join(context, '.dockerignore'), 'left-out\n*.log\npartly\n!partly/kept.txt\n');
});

const check = async (dockerfile: string, ...args: string[]) => {
  const file = path.join(context, '..', `${path.basename(context)}.Dockerfile`);
  writeFileSync(file, dockerfile);
  const run = await runCli(['check', context, '--offline', '-f', file, ...args]);
  rmSync(file);
  return { ...run, missing: run.stdout.match(/^\S+ error\[missing-source\]: .*$/gm) ?? [] };
};

/** Instructions, and whether a build of them finds all that they name. */
const cases: readonly (readonly [instruction: string, missing: string | undefined])[] = [
  ['COPY src/a.txt /', undefined],
  ['COPY link/a.txt link/sub/../a.txt /x/', undefined],
  ['COPY partly /', undefined],
  ['COPY partly/kept.txt /', undefined],
  ['COPY . /', undefined],
  ['COPY no*match /', undefined],
  ['COPY src ./ /x/', undefined],
  ['COPY <<EOF /x\ntext\nEOF', undefined],
  ['COPY gone /', '"/gone": not found in the build context'],
  ['COPY src/*.md /x/', '"/src/*.md": nothing in the build context matches it'],
  ['COPY gone/*.md /x/', '"/gone/*.md": nothing in the build context matches it'],
  ['COPY src/sub/*.md src/sub /x/', undefined],
  ['COPY src/sub/*.md sr* /x/', undefined],
  ['COPY src/sub/*.md src/a.txt /x/', '"/src/sub/*.md": nothing in the build context matches it'],
  ['COPY src/s*/*.md src/a.txt /x/', undefined],
  ['COPY src/*.md src/sub/b.txt /x/', undefined],
  ['COPY left-out/*.txt /x/', '"/left-out/*.txt": nothing in the build context matches it'],
  ['COPY partly/*.md /x/', '"/partly/*.md": nothing in the build context matches it'],
  ['COPY src/a.txt src/gone /x/', '"/src/gone": not found in the build context'],
  ['COPY x.log/*.py /x/', '"/x.log/*.py": nothing in the build context matches it'],
  ['COPY src/a.txt/*.py /x/', '"/src/a.txt/*.py": nothing in the build context matches it'],
  ['COPY src/a.txt/*.py src/a.txt /x/', undefined],
  ['COPY src/a.txt/below /', '"/src/a.txt/below": not found in the build context'],
  ['COPY ../gone /', '"/gone": not found in the build context'],
  ['ADD gone.tar /', '"/gone.tar": not found in the build context'],
  ['COPY dangling /', '"/dangling": not found in the build context'],
  ['COPY dang* /x/', '"/dangling": not found in the build context'],
  ['COPY --exclude=x dang* /x/', '"/dangling": not found in the build context'],
  ['COPY --exclude=dangling dang* /x/', '"/dangling": not found in the build context'],
  ['COPY links/to* /x/', '"/links/to-nothing": not found in the build context'],
  ['COPY li*/t* /x/', '"/links/to-nothing": not found in the build context'],
  ['COPY to-links/to* /x/', '"/to-links/to-nothing": not found in the build context'],
  ['COPY to-left* /x/', '"/to-left-out": not found: an ignore file excludes it from the build context'],
  ['COPY links to-li* /x/', undefined],
  ['COPY to-left-out /', '"/to-left-out": not found: an ignore file excludes it from the build context'],
  ['COPY left-out/c.txt /', '"/left-out/c.txt": not found: an ignore file excludes it from the build context'],
  ['COPY partly/gone.txt /', '"/partly/gone.txt": not found: an ignore file excludes it from the build context'],
  ['COPY x.log /', '"/x.log": not found: an ignore file excludes it from the build context'],
];

describe('check reports what is missing', () => {
  test.each(cases)('check reports what is missing for %s', async (instruction, missing) => {
    const { missing: found } = await check(`FROM scratch\n${instruction}\n`);
    expect(found.map((line) => line.replace(/^.*?\]: |, so its directory .*$/g, ''))).toEqual(
      missing === undefined ? [] : [missing],
    );
  });

  test('check goes on after a pattern below a link in a circle', async () => {
    const { missing } = await check('FROM scratch\nCOPY circle/*.py circle/x/*.py dangling/*.py /x/\nCOPY gone /y\n');
    expect(missing.map((line) => line.split(' error')[0]!.replace(/^.*?:/, ''))).toEqual(['2:6:', '2:32:', '3:6:']);
  });

  test('check reports a missing source at the word that names it, in every stage, after variables', async () => {
    const { missing, code, stdout } = await check(
      'FROM scratch AS one\nARG WHAT=go\nCOPY src/a.txt ${WHAT}ne \\\n  missing /\nFROM scratch\nCOPY --from=one /gone /\n' +
        'RUN --mount=type=bind,source=gone,target=/x true\n',
    );
    expect(missing.map((line) => line.replace(/^[^:]*:/, '').replace(/ .*?"/, ' "'))).toEqual([
      '3:16: "/gone": not found in the build context',
      '4:3: "/missing": not found in the build context',
      '7:13: "/gone": not found in the build context',
    ]);
    expect(stdout).toContain('    |                ^^^^^^^^');
    expect(code).toBe(1);
  });

  test('check reports what named contexts lack, by their name', async () => {
    const { missing } = await check(
      'FROM scratch\nCOPY --from=other sub/b.txt gone /x/\n',
      `--build-context=other=${path.join(context, 'src')}`,
    );
    expect(missing.map((line) => line.replace(/^.*?\]: /, ''))).toEqual([
      '"/gone": not found in the build context other',
    ]);
  });

  test('check reports a missing source in JSON as the error of the build', async () => {
    const { stdout } = await check('FROM scratch\nCOPY gone /\n', '--format=json');
    expect(JSON.parse(stdout).buildError).toEqual({
      message: '"/gone": not found in the build context',
      location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
    });
  });

  test('check reports nothing missing for a Dockerfile on standard input, whose context is not known', async () => {
    expect(await runCli(['check', '-', '--offline'], { stdin: 'FROM scratch\nCOPY a b\n' })).toMatchObject({ code: 0 });
  });
});

await onEngines('a build fails for just what check reports', { suites: ['forky'] }, (engine) => {
  test.each(cases)('a build fails if check reports a missing source: %s', async (instruction, missing) => {
    // The daemon keeps what it was sent of a directory of that name, and what it has built of the same content.
    const own = temporaryDir();
    cpSync(context, own, { recursive: true, verbatimSymlinks: true });
    writeFileSync(path.join(own, 'src/a.txt'), randomUUID());
    const file = path.join(own, 'built.Dockerfile');
    writeFileSync(file, `FROM scratch\n${instruction}\n`);
    const build = ['buildx', 'build', '--output=type=cacheonly', '-f', file, own];
    const { status, stderr } = await engine.run('docker', build);
    expect(status, stderr).toBe(missing === undefined ? 0 : 1);
    if (missing?.includes('matches it')) expect(stderr).toMatch(/lstat \S+: no such file or directory/);
    else if (missing !== undefined) expect(stderr).toContain(missing.replace(/(not found).*/, '$1'));
  });
});
