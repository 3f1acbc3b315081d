/** Finding the Dockerfile and its ignore file: `build` beside buildx, and what `compile` makes of the same. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openInputs } from '../../src/cli/build-command/build-inputs.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const cli = path.resolve('src/cli.ts');
const copyAll = 'FROM scratch\nCOPY . /\n';

interface Case {
  readonly title: string;
  /** By path; of the context those below `ctx/`. A value with `->` in front is a link. */
  readonly files: Readonly<Record<string, string>>;
  /** Arguments; `@` is the working directory. */
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly context?: string;
}

const cases: Case[] = [
  { title: 'a general ignore file', files: { 'ctx/Dockerfile': copyAll, 'ctx/.dockerignore': 'secret\n' } },
  {
    title: 'an ignore file of its own beside a general one',
    files: { 'ctx/Dockerfile': copyAll, 'ctx/Dockerfile.dockerignore': 'secret\n', 'ctx/.dockerignore': 'other\n' },
  },
  { title: 'lower case', files: { 'ctx/dockerfile': copyAll, 'ctx/dockerfile.dockerignore': 'secret\n' } },
  {
    title: 'lower case, and an ignore file in upper case that is not its own',
    files: { 'ctx/dockerfile': copyAll, 'ctx/Dockerfile.dockerignore': 'secret\n' },
  },
  {
    title: 'both spellings',
    files: {
      'ctx/Dockerfile': copyAll, 'ctx/dockerfile': 'FROM scratch\n',
      'ctx/Dockerfile.dockerignore': 'secret\n', 'ctx/dockerfile.dockerignore': 'other\n',
    }, // biome-ignore format: a list
  },
  {
    title: 'lower case asked for by the upper-case path',
    files: { 'ctx/sub/dockerfile': copyAll, 'ctx/sub/dockerfile.dockerignore': 'secret\n' },
    args: ['-f', 'ctx/sub/Dockerfile'],
  },
  {
    title: 'lower case outside of the context',
    files: { 'else/dockerfile': copyAll, 'else/dockerfile.dockerignore': 'secret\n', 'ctx/.dockerignore': 'other\n' },
    args: ['-f', '@/else/Dockerfile'],
  },
  {
    title: 'lower case that is a link',
    files: {
      'ctx/dockerfile': '->docker/file',
      'ctx/docker/file': copyAll,
      'ctx/dockerfile.dockerignore': 'secret\n',
    },
  },
  {
    title: 'a dangling link, and a file in lower case',
    files: { 'ctx/Dockerfile': '->nowhere', 'ctx/dockerfile': copyAll, 'ctx/dockerfile.dockerignore': 'secret\n' },
  },
  {
    title: 'a path that is in the working directory and in the context',
    files: { 'ctx/Dockerfile': 'FROM scratch\n', Dockerfile: copyAll, 'Dockerfile.dockerignore': 'secret\n' },
    args: ['-f', 'Dockerfile'],
  },
  {
    title: 'standard input',
    files: { 'ctx/Dockerfile.dockerignore': 'other\n', 'ctx/.dockerignore': 'secret\n' },
    args: ['-f', '-'],
    stdin: copyAll,
  },
  { title: 'no name', files: { 'ctx/Dockerfile': copyAll, 'ctx/.dockerignore': 'secret\n' }, args: ['-f', ''] },
  {
    title: 'an empty ignore file of its own',
    files: { 'ctx/Dockerfile': copyAll, 'ctx/Dockerfile.dockerignore': '', 'ctx/.dockerignore': 'secret\n' },
  },
  {
    title: 'a link as ignore file, and one that leads outside',
    files: {
      'ctx/Dockerfile': copyAll, 'ctx/Dockerfile.dockerignore': '->../ignore', ignore: 'other\n',
      'ctx/.dockerignore': '->ignored', 'ctx/ignored': 'secret\n',
    }, // biome-ignore format: a list
  },
  {
    title: 'a context with a name that is not ASCII',
    files: {
      'größe 日本/Dockerfile': copyAll,
      'größe 日本/.dockerignore': 'secret\n',
      'größe 日本/secret': '',
      'größe 日本/other': '',
    },
    context: 'größe 日本',
  },
];

function write({ files }: Pick<Case, 'files'>): string {
  const dir = temporaryDir();
  for (const [name, text] of Object.entries({ 'ctx/secret': '', 'ctx/other': '', ...files })) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (text.startsWith('->')) symlinkSync(text.slice(2), file);
    else writeFileSync(file, text);
  }
  return dir;
}

await onEngines('the Dockerfile and its ignore file', { suites: ['forky'] }, (engine) => {
  test.skipIf(!engine.dockerHost).each(cases)(
    'build sends and compile asks for what docker sends: $title',
    async (given) => {
      const { args = [], stdin = '', context = 'ctx' } = given;
      const dir = write(given);
      const placed = args.map((arg) => arg.replace('@', dir));
      const build = async (command: string, first: readonly string[]) => {
        const dest = temporaryDir();
        const all = [...first, '--progress=plain', '-o', dest, ...placed, context];
        const built = await engine.run(command, all, { cwd: dir, input: stdin });
        expect(built.status, built.stderr).toBe(0);
        return (readdirSync(dest, { recursive: true }) as string[]).sort();
      };
      const theirs = await build('docker', ['buildx', 'build']);
      expect(await build(process.execPath, [cli, 'build'])).toEqual(theirs);

      const compiled = await engine.run(process.execPath, [cli, 'compile', '--offline', ...placed, context], {
        cwd: dir,
        input: stdin,
      });
      expect(compiled.status, compiled.stderr).toBe(0);
      const ignored = /"local\.excludepatterns": *("(?:[^"\\]|\\.)*")/.exec(compiled.stdout)?.[1] ?? '"[]"';
      const patterns = JSON.parse(JSON.parse(ignored)) as string[];
      expect(patterns).toEqual(['secret', 'other'].filter((name) => !theirs.includes(name)));
    },
  );
});

describe('a Dockerfile that is not there', () => {
  const failures: [title: string, files: Record<string, string>, args: string[], message: string][] = [
    ['in the context only', { 'ctx/my.Dockerfile': copyAll }, ['-f', 'my.Dockerfile'],
      'the Dockerfile my.Dockerfile does not exist: a path starts at the current directory; for the one in the context give --file ctx/my.Dockerfile'],
    ['with other capitals', { 'ctx/Dockerfile': copyAll }, ['-f', 'ctx/DockerFile'],
      'the Dockerfile ctx/DockerFile does not exist: there is Dockerfile: name it with --file ctx/Dockerfile'],
    ['with a slip', { 'ctx/dev.Dockerfile': copyAll }, ['-f', 'ctx/dve.Dockerfile'],
      'the Dockerfile ctx/dve.Dockerfile does not exist: there is dev.Dockerfile: name it with --file ctx/dev.Dockerfile'],
    ['that podman would find', { 'ctx/Containerfile': copyAll }, [],
      'failed to read dockerfile: open Dockerfile: no such file or directory: there is Containerfile: name it with --file ctx/Containerfile'],
    ['all in capitals', { 'ctx/DOCKERFILE': copyAll }, [],
      'failed to read dockerfile: open Dockerfile: no such file or directory: there is DOCKERFILE: name it with --file ctx/DOCKERFILE'],
    ['but a directory', { 'ctx/Dockerfile': copyAll }, ['-f', 'ctx'],
      'the Dockerfile ctx is a directory: name the file in it, as ctx/Dockerfile'],
    ['after a slash', { 'ctx/Dockerfile': copyAll }, ['-f', 'ctx/Dockerfile/'],
      'the Dockerfile ctx/Dockerfile/ does not exist'],
  ]; // biome-ignore format: a list

  test.each(failures)('the error names the file that was probably meant: %s', async (_, files, args, message) => {
    const before = process.cwd();
    process.chdir(write({ files }));
    try {
      const compiled = await runCli(['compile', '--offline', ...args, 'ctx']);
      expect(compiled).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: /) });
      expect(compiled.stderr).toContain(message);
      await expect(openInputs('ctx', args[1], [])).rejects.toThrow(message.replaceAll('--file', '`file`'));
    } finally {
      process.chdir(before);
    }
  });

  test('a missing Dockerfile is not an error if the frontend is told its name', async () => {
    const dir = write({ files: { 'ctx/Containerfile': 'FROM scratch\nLABEL a=b\n' } });
    const named = await runCli(['compile', '--offline', '--opt', 'filename=Containerfile', path.join(dir, 'ctx')]);
    expect(named.stderr).toBe('');
    expect(named.code).toBe(0);
  });
});

await onEngines('a source that is not there', { suites: ['forky', 'trixie'] }, (engine) => {
  const hints: [copy: string, hint: RegExp][] = [
    ['COPY secret /', /^hint: \.dockerignore:2 \(secret\) leaves secret out of the context/m],
    ['COPY readme.md /', /^hint: The context has README\.md: names are case-sensitive\.$/m],
    ['COPY --from=x secret /', /^hint: secret is in the build context, but --from looks for it in the stage x\.$/m],
  ];
  test.each(hints)('a build of %s fails with a hint', async (copy, hint) => {
    const dockerfile = `FROM scratch AS x\nCOPY other /\nFROM scratch\n${copy}\n`;
    const dir = write({
      files: { 'ctx/Dockerfile': dockerfile, 'ctx/.dockerignore': '# no keys\nsecret\n', 'ctx/README.md': '' },
    });
    const args = [cli, 'build', '--progress=plain', '-o', temporaryDir(), 'ctx'];
    const built = await engine.run(process.execPath, args, { cwd: dir });
    expect(built.status).toBe(1);
    expect(built.stderr).toMatch(/: "\/.*": not found$/m);
    expect(built.stderr).toMatch(hint);
  });
});
