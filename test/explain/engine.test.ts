/**
 * Changes one thing at a time, and compares the steps that run with those that the comparison of the two builds
 * foretells.
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { connect, dockerfileFrontend, solve } from '../../src/client/index.ts';
import { openBuildContext } from '../../src/daemonless/build-context.ts';
import { compile } from '../../src/daemonless/compile.ts';
import type { BuildRecord } from '../../src/explain/build-record.ts';
import { compareBuilds } from '../../src/explain/compare-builds.ts';
import { recordBuild } from '../../src/explain/make-record.ts';
import { registryResolver } from '../../src/resolve/registry-resolver.ts';
import { xattrCalls } from '../../src/tree/xattr.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const dockerfile = (base: string) => `FROM ${base} AS tools
ARG NONCE
RUN echo $NONCE > /tool
RUN mkdir /out && echo fixed > /out/fixed

FROM scratch AS linked
COPY --link linked /link

FROM ${base}
ARG NONCE
RUN echo app $NONCE > /first
ENV MODE=prod
WORKDIR /app
COPY package.json ./
RUN cat package.json > /dep
COPY src ./src
COPY --exclude=*.md docs ./docs
COPY assets/*.txt ./assets/
COPY parts/x* ./parts/
COPY link ./linked
ARG VERSION=1
RUN --mount=type=bind,source=scripts,target=/scripts echo $VERSION > /built
COPY --from=tools /out /tools
COPY --chmod=644 --chown=1:1 conf /conf
COPY --from=linked /link /link
COPY content/ /content/
COPY --parents parents/deep/file /
COPY --parents pivot/./q/file /pivot/
COPY <<END /text
text $VERSION
END
RUN echo end
`;

const files: Readonly<Record<string, string>> = {
  '.dockerignore': '**/*.log\nDockerfile\n.dockerignore\n',
  'package.json': '{"name":"app"}',
  'src/a': 'a',
  'src/b': 'b',
  'src/deep/c': 'c',
  'src/dropped.log': 'log',
  'docs/read.txt': 'read',
  'docs/read.md': 'md',
  'assets/one.txt': '1',
  'assets/two.bin': '2',
  'parts/x1/a': 'a',
  'parts/y': 'y',
  'elsewhere/e': 'e',
  'real.txt': 'real',
  'same.txt': 'real',
  'scripts/run.sh': 'echo run',
  'conf/app.conf': 'key=value',
  'linked/l': 'l',
  'content/c': 'c',
  'parents/deep/file': 'p',
  'pivot/q/file': 'q',
  'unused/x': 'x',
};

/** A record, and the lines of steps by the names that a daemon has for them. */
interface Recorded {
  readonly names: ReadonlyMap<string, number>;
  readonly recorded: BuildRecord;
}

interface Project {
  readonly dir: string;
  readonly at: (name: string) => string;
  /** Replaces text of the Dockerfile, which must be there. */
  readonly edit: (from: string, to: string) => void;
  readonly opts: Record<string, string>;
}

/** What is changed, and the first line that runs again by the text of the instruction; undefined if none does. */
const changes: readonly (readonly [title: string, change: (project: Project) => void, first: string | undefined])[] = [
  ['the content of a file', ({ at }) => writeFileSync(at('package.json'), '{"name":"other"}'), 'COPY package.json'],
  ['the content of a file of the same size', ({ at }) => writeFileSync(at('src/a'), 'z'), 'COPY src'],
  ['the mode of a file', ({ at }) => chmodSync(at('src/a'), 0o755), 'COPY src'],
  ['a new file', ({ at }) => writeFileSync(at('src/new'), 'n'), 'COPY src'],
  ['a file that is gone', ({ at }) => rmSync(at('src/b')), 'COPY src'],
  ['the name of a file', ({ at }) => renameSync(at('src/b'), at('src/c')), 'COPY src'],
  ['the time of a file', ({ at }) => utimesSync(at('src/a'), 1, 1), undefined],
  ['a file written again', ({ at }) => writeFileSync(at('src/a'), 'a'), undefined],
  [
    'a link in place of a file',
    ({ at }) => {
      rmSync(at('src/b'));
      symlinkSync('a', at('src/b'));
    },
    'COPY src',
  ],
  [
    'the target of a link',
    ({ at }) => {
      rmSync(at('src/to'));
      symlinkSync('b', at('src/to'));
    },
    'COPY src',
  ],
  ['an empty directory', ({ at }) => mkdirSync(at('src/empty')), 'COPY src'],
  ['a directory moved into another', ({ at }) => renameSync(at('src/deep'), at('src/deeper')), 'COPY src'],
  ['a file that --exclude leaves out', ({ at }) => writeFileSync(at('docs/read.md'), 'other'), undefined],
  ['a new file that --exclude leaves out', ({ at }) => writeFileSync(at('docs/new.md'), 'new'), undefined],
  [
    'a file beside one that --exclude leaves out',
    ({ at }) => writeFileSync(at('docs/read.txt'), 'x'),
    'COPY --exclude',
  ],
  ['a new file that a pattern matches', ({ at }) => writeFileSync(at('assets/new.txt'), 'n'), 'COPY assets'],
  ['a new file that a pattern does not match', ({ at }) => writeFileSync(at('assets/new.bin'), 'n'), undefined],
  ['the content of a file that a pattern matches', ({ at }) => writeFileSync(at('assets/one.txt'), 'x'), 'COPY assets'],
  [
    'the name of a file that a pattern matches',
    ({ at }) => renameSync(at('assets/one.txt'), at('assets/un.txt')),
    'COPY assets',
  ],
  [
    'a new file in a directory that a pattern matches',
    ({ at }) => writeFileSync(at('parts/x1/new'), 'n'),
    'COPY parts',
  ],
  ['the mode of the directory around what a pattern matches', ({ at }) => chmodSync(at('parts'), 0o700), undefined],
  [
    'the content behind a link that a pattern matches',
    ({ at }) => writeFileSync(at('real.txt'), 'other'),
    'COPY parts',
  ],
  [
    'a link that a pattern matches, to another file with the same content',
    ({ at }) => {
      rmSync(at('parts/xlink'));
      symlinkSync('../same.txt', at('parts/xlink'));
    },
    undefined,
  ],
  [
    'the name of a link that a pattern matches',
    ({ at }) => renameSync(at('parts/xlink'), at('parts/xother')),
    'COPY parts',
  ],
  [
    'the target of a link in a directory that a pattern matches',
    ({ at }) => {
      rmSync(at('parts/x1/inner'));
      symlinkSync('b', at('parts/x1/inner'));
    },
    'COPY parts',
  ],
  ['a directory that a pattern matches, in place of a link to one', ({ at }) => swapLink(at), 'COPY parts'],
  ['the mode of a file that a pattern matches', ({ at }) => chmodSync(at('assets/one.txt'), 0o600), 'COPY assets'],
  ['the content behind a link that is copied', ({ at }) => writeFileSync(at('real.txt'), 'another'), 'COPY parts'],
  [
    'a link that is copied, to another file with the same content',
    ({ at }) => {
      rmSync(at('link'));
      symlinkSync('same.txt', at('link'));
    },
    undefined,
  ],
  ['a file that is mounted', ({ at }) => writeFileSync(at('scripts/run.sh'), 'echo other'), 'RUN --mount'],
  ['a new file in a directory that is mounted', ({ at }) => writeFileSync(at('scripts/new'), ''), 'RUN --mount'],
  ['a file that no instruction takes', ({ at }) => writeFileSync(at('unused/x'), 'other'), undefined],
  ['a file that an ignore rule drops', ({ at }) => writeFileSync(at('src/dropped.log'), 'other'), undefined],
  [
    'an ignore rule that drops a file',
    ({ at }) => writeFileSync(at('.dockerignore'), `${files['.dockerignore']}src/deep\n`),
    'COPY src',
  ],
  [
    'an ignore rule that drops nothing',
    ({ at }) => writeFileSync(at('.dockerignore'), `${files['.dockerignore']}nothing\n`),
    undefined,
  ],
  [
    'an exception to an ignore rule',
    ({ at }) => writeFileSync(at('.dockerignore'), `${files['.dockerignore']}!src/*.log\n`),
    'COPY src',
  ],
  [
    'a second name of a file in place of one with the same content',
    ({ at }) => {
      writeFileSync(at('src/a2'), 'a');
      rmSync(at('src/a'));
      linkSync(at('src/a2'), at('src/a'));
    },
    'COPY src',
  ],
  ['an attribute of a file', ({ at }) => setAttribute(at('src/a')), 'COPY src'],
  ['the text of a RUN', ({ edit }) => edit('cat package.json', 'tac package.json'), 'RUN tac'],
  ['a comment', ({ edit }) => edit('ENV MODE', '# why\nENV MODE'), undefined],
  ['blanks in a COPY', ({ edit }) => edit('COPY src ./src', 'COPY  src   ./src'), undefined],
  [
    'a build argument',
    ({ opts }) => {
      opts['build-arg:VERSION'] = '2';
    },
    'RUN --mount',
  ],
  ['the default of an ARG', ({ edit }) => edit('VERSION=1', 'VERSION=3'), 'RUN --mount'],
  ['the value of an ENV', ({ edit }) => edit('MODE=prod', 'MODE=test'), 'RUN cat'],
  ['the working directory', ({ edit }) => edit('WORKDIR /app', 'WORKDIR /srv'), 'WORKDIR /srv'],
  ['a USER', ({ edit }) => edit('RUN echo end', 'USER 1\nRUN echo end'), 'RUN echo end'],
  ['a SHELL', ({ edit }) => edit('RUN echo end', 'SHELL ["/bin/sh", "-ec"]\nRUN echo end'), 'RUN echo end'],
  ['a destination', ({ edit }) => edit('./docs', './texts'), 'COPY --exclude'],
  ['the order of flags', ({ edit }) => edit('--chmod=644 --chown=1:1', '--chown=1:1 --chmod=644'), undefined],
  ['--chmod', ({ edit }) => edit('--chmod=644', '--chmod=600'), 'COPY --chmod'],
  ['--chown', ({ edit }) => edit('--chown=1:1', '--chown=2:2'), 'COPY --chmod'],
  ['--exclude', ({ edit }) => edit('--exclude=*.md', '--exclude=*.markdown'), 'COPY --exclude'],
  ['a here-document', ({ edit }) => edit('text $VERSION', 'other $VERSION'), 'COPY <<'],
  ['the target of a mount', ({ edit }) => edit('target=/scripts', 'target=/tools-of-ours'), 'RUN --mount'],
  ['a new instruction', ({ edit }) => edit('COPY assets', 'RUN echo new > /new\nCOPY assets'), 'RUN echo new'],
  ['an instruction that is gone', ({ edit }) => edit('COPY assets/*.txt ./assets/\n', ''), 'COPY parts'],
  [
    'the order of instructions',
    ({ edit }) =>
      edit(
        'COPY --exclude=*.md docs ./docs\nCOPY assets/*.txt ./assets/',
        'COPY assets/*.txt ./assets/\nCOPY --exclude=*.md docs ./docs',
      ),
    'COPY assets',
  ],
  ['a LABEL', ({ edit }) => edit('ENV MODE', 'LABEL a=b\nENV MODE'), undefined],
  [
    'a stage that gives the same files',
    ({ edit }) => edit('echo $NONCE > /tool', 'echo again $NONCE > /tool'),
    'RUN echo again',
  ],
  ['a stage that gives other files', ({ edit }) => edit('echo fixed', 'echo broken'), 'RUN mkdir'],
  ['the network of RUN', ({ edit }) => edit('RUN echo end', 'RUN --network=none echo end'), 'RUN --network'],
];

/** Directories whose modes are changed, and the instruction that takes each. */
const directories: readonly (readonly [title: string, name: string, instruction: string])[] = [
  ['that is copied', 'src', 'COPY src'],
  ['in one that is copied', 'src/deep', 'COPY src'],
  ['that is copied with --exclude', 'docs', 'COPY --exclude'],
  ['that a pattern matches', 'parts/x1', 'COPY parts'],
  ['that is mounted', 'scripts', 'RUN --mount'],
  ['that is copied with --link', 'linked', 'COPY --link'],
  ['whose content is copied', 'content', 'COPY content/'],
  ['whose file is copied with --parents', 'parents/deep', 'COPY --parents parents'],
  ['after the ./ of --parents', 'pivot/q', 'COPY --parents pivot'],
];

function swapLink(at: Project['at']): void {
  rmSync(at('parts/xdir'));
  cpSync(at('elsewhere'), at('parts/xdir'), { recursive: true });
}

let xattrs: Awaited<ReturnType<typeof xattrCalls>>;

function setAttribute(file: string): void {
  xattrs?.write(file, new Map([['user.comment', Buffer.from('c')]]));
}

await onEngines('explain foretells which steps run', { suites: ['forky'] }, (engine) => {
  const nonce = randomUUID();
  let base: string;
  let source: string;
  beforeAll(async () => {
    xattrs = await xattrCalls();
    base = await engine.baseImage();
    // What is copied on scratch alone has no NONCE above it: its content keeps the steps of earlier runs away.
    source = temporaryDir({ ...files, 'linked/l': nonce, Dockerfile: dockerfile(base) });
    symlinkSync('real.txt', path.join(source, 'link'));
    symlinkSync('a', path.join(source, 'src/to'));
    symlinkSync('../real.txt', path.join(source, 'parts/xlink'));
    symlinkSync('a', path.join(source, 'parts/x1/inner'));
    symlinkSync('../elsewhere', path.join(source, 'parts/xdir'));
    await build(project());
  });

  /** A copy of the files, so that the engine sees another directory with the same content. */
  function project(): Project {
    const dir = temporaryDir();
    cpSync(source, dir, { recursive: true, verbatimSymlinks: true });
    const at = (name: string) => path.join(dir, name);
    return {
      dir,
      at,
      opts: { 'build-arg:NONCE': nonce },
      edit(from, to) {
        const text = readFileSync(at('Dockerfile'), 'utf8');
        expect(text).toContain(from);
        writeFileSync(at('Dockerfile'), text.replace(from, to));
      },
    };
  }

  async function record({ dir, opts: given }: Project): Promise<Recorded> {
    const opened = await openBuildContext({ context: dir, opts: given, readStdin: async () => new Uint8Array() });
    const compiled = await compile({ ...opened, images: [registryResolver()] });
    const names = new Map<string, number>();
    for (const definition of compiled.definitions.values())
      for (const { digest, metadata } of definition.ops()) {
        const line = definition.source?.locations[digest]?.locations[0]?.ranges[0]?.start?.line;
        const name = metadata?.description['llb.customname'];
        if (line !== undefined && name !== undefined) names.set(name, line);
      }
    return { names, recorded: await recordBuild({ compiled, opened }) };
  }

  /** The names of the steps of a build, and whether each was cached. */
  async function build({ dir, opts }: Project): Promise<Map<string, boolean>> {
    const connection = await connect(engine.address);
    try {
      const running = solve(connection, {
        frontend: dockerfileFrontend,
        frontendAttrs: opts,
        localDirs: { context: dir, dockerfile: dir },
        exports: [],
      });
      const steps = new Map<string, boolean>();
      const reading = (async () => {
        for await (const { vertexes } of running.status)
          for (const { name, cached, completed } of vertexes) if (completed) steps.set(name, cached);
      })();
      await running.result;
      await reading;
      return steps;
    } finally {
      connection.close();
    }
  }

  test.for(changes)('the engine runs again what is predicted for %s', async ([title, change, first], { skip }) => {
    const older = await record(project());
    const changed = project();
    change(changed);
    if (title === 'an attribute of a file' && !xattrs?.read(changed.at('src/a'))) skip('this file system has none');
    await compareWithBuild(older, await record(changed), changed, first);
  });

  test.for(directories)(
    'the engine runs again what is predicted for the mode of a directory %s',
    async ([, name, instruction]) => {
      const dir = project();
      const copy = project();
      const older = await record(dir);
      const before = await build(dir);
      chmodSync(dir.at(name), 0o711);
      const newer = await record(dir);
      const { steps } = compareBuilds(older.recorded, newer.recorded);
      const text = readFileSync(dir.at('Dockerfile'), 'utf8').split('\n');
      const [taking] = steps.filter(({ causes }) => causes.length > 0);
      expect(text[taking!.line - 1]).toMatch(pattern(instruction));
      expect(taking?.outcome).toBe('depends');
      expect(taking?.causes).toEqual([
        { kind: 'file', name: `${name}/`, detail: 'mode', before: expect.any(String), now: '0711' },
      ]);
      expect(steps.filter(({ outcome }) => outcome === 'runs')).toEqual([]);
      // The daemon has the directory, and does not see the change.
      const again = await build(dir);
      const step = [...newer.names].find(([, line]) => line === taking!.line)![0];
      expect([before.has(step), again.get(step)]).toEqual([true, true]);
      // A daemon that does not have it sees the change.
      chmodSync(copy.at(name), 0o711);
      expect((await build(copy)).get(step)).toBe(false);
    },
  );

  /** Compares what two records foretell with a build. */
  async function compareWithBuild(older: Recorded, newer: Recorded, changed: Project, first: string | undefined) {
    const { steps } = compareBuilds(older.recorded, newer.recorded);
    const text = readFileSync(changed.at('Dockerfile'), 'utf8').split('\n');
    const foretold = steps.filter(({ line, text: it }) => line > 0 && !it.startsWith('FROM'));
    const runs = foretold.filter(({ outcome }) => outcome === 'runs');
    expect(runs[0] && text[runs[0].line - 1]).toEqual(
      first === undefined ? undefined : expect.stringMatching(pattern(first)),
    );
    if (first !== undefined) expect([...runs[0]!.causes, ...runs[0]!.followsFrom]).not.toEqual([]);

    const built = await build(changed);
    const ran = new Map(
      [...built].flatMap(([name, cached]) => {
        const line = newer.names.get(name);
        return line === undefined || name.includes('FROM ') ? [] : [[line, cached] as const];
      }),
    );
    for (const { line, outcome } of foretold)
      if (outcome !== 'depends')
        expect([line, text[line - 1], ran.get(line)]).toEqual([line, text[line - 1], outcome === 'cached']);
    return steps;
  }

  test('after the tag of the base image has moved', async () => {
    const tag = `${engine.registry}/test/explain-moved:${nonce.slice(0, 8)}`;
    const push = async (version: string) => {
      const dir = temporaryDir({ Dockerfile: `FROM ${base}\nRUN echo ${version} > /version\n` });
      await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', tag, dir]);
    };
    const onTag = () => {
      const changed = project();
      changed.edit(`FROM ${base}\nARG NONCE\nRUN echo app`, `FROM ${tag}\nARG NONCE\nRUN echo app`);
      changed.opts['image-resolve-mode'] = 'pull';
      return changed;
    };
    await push('1');
    const older = await record(onTag());
    await build(onTag());
    await push('2');
    const changed = onTag();
    const steps = await compareWithBuild(older, await record(changed), changed, 'RUN echo app');
    const from = steps.find(({ text }) => text.startsWith('FROM') && text.includes('explain-moved'));
    const image = expect.stringMatching(/explain-moved:.*@sha256:/);
    expect(from?.causes).toEqual([{ kind: 'base image', name: '', detail: '', before: image, now: image }]);
    expect(steps.find(({ text, line }) => text.startsWith('RUN') && line > 4 && line < 12)?.outcome).toBe('runs');
  });

  test('after the base image is another one', async () => {
    const other = `${engine.registry}/test/explain-other:${nonce.slice(0, 8)}`;
    const dir = temporaryDir({ Dockerfile: `FROM ${base}\nRUN echo ${nonce} > /version\n` });
    await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', other, dir]);
    const older = await record(project());
    const changed = project();
    changed.edit(`FROM ${base}\nARG NONCE\nRUN echo app`, `FROM ${other}\nARG NONCE\nRUN echo app`);
    const steps = await compareWithBuild(older, await record(changed), changed, 'RUN echo app');
    expect(steps.find(({ text }) => text.includes('explain-other'))?.causes.map(({ kind }) => kind)).toEqual([
      'instruction',
      'base image',
    ]);
  });

  test.skipIf(process.arch !== 'x64')('the engine runs again what is predicted for another platform', async () => {
    const older = await record(project());
    const changed = project();
    changed.opts['platform'] = 'linux/386';
    const steps = await compareWithBuild(older, await record(changed), changed, 'RUN');
    const kinds = new Set(steps.flatMap(({ causes }) => causes.map(({ kind }) => kind)));
    expect(kinds).toContain('platform');
    // A here-document has no platform, and neither has what is copied on scratch alone.
    expect(
      steps.filter(
        ({ outcome, line, text }) => outcome === 'cached' && line > 0 && text !== 'COPY --link linked /link',
      ),
    ).toEqual([]);
  });
});

const pattern = (start: string) => new RegExp(`^${start.replace(/[.*+?^$()[\]\\]/g, '\\$&')}`);
