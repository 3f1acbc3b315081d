/**
 * A Dockerfile and the program that says the same share one cache on a real engine: what the one has built, the other
 * finds. The Dockerfile is read by the engine's own frontend, and the program by the image of this one.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { dockerBuild, uncachedSteps } from '../../e2e/build.ts';
import { onEngines } from '../../engine/on-engines.ts';
import { readCase } from '../../golden/cases.ts';
import { temporaryDir, writeFiles } from '../../temporary-dir.ts';
import { pushFrontend } from '../push-frontend.ts';

/** Cases whose commands busybox has. */
const cases = [
  'add/exclude',
  'add/heredoc',
  'add/unpack-false',
  'arg-env/arg-default-and-override',
  'arg-env/arg-kept-in-env',
  'arg-env/env-forms',
  'arg-env/env-replaces-in-place',
  'arg-env/history-lists-args',
  'copy/chmod-symbolic',
  'copy/heredoc-expands',
  'copy/heredoc-flags',
  'copy/link-chown-ids',
  'copy/link-onto-scratch',
  'copy/parents-pivot',
  'copy/wildcards',
  'expand/in-copy-and-add',
  'expand/in-run-mounts',
  'onbuild/copy-from-brings-a-stage',
  'onbuild/own-triggers-of-derived-stage',
  'platforms/two',
  'run/heredoc',
  'run/mount-bind-context',
  'run/mount-bind-writable',
  'run/mount-cache-from',
  'run/mount-cache-owner',
  'run/mount-order',
  'run/mount-secret',
  'run/mount-tmpfs',
] as const;

/** Those that need the labs channel, which an engine's own frontend is not. */
const inLabs: readonly string[] = ['copy/parents-pivot'];

/** Files that the cases copy and mount. */
const contextFiles =
  'a b c x x/y/1.txt a.txt b.txt a.sh dir/f sub/x.c ah.h one abs app.tar.gz app/main.c app/a app/x.py app/quoted $SRC lib/f src/f a/b/c/d.txt';

const secrets = ['token', 'dir/token', 'npmrc', 'src-token', 't', 's'];

await onEngines('a program and the Dockerfile that says the same', { suites: ['forky'] }, (engine) => {
  let syntax: string;
  let bases: string[];
  const salt = randomUUID();

  beforeAll(async () => {
    syntax = await pushFrontend(engine);
    const dir = temporaryDir({
      Dockerfile: `FROM ${await engine.baseImage()}\nLABEL salt=${salt}\nRUN echo ${salt} >/salt\n`,
    });
    const base = `${engine.registry}/test/equal:1`;
    await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', base, dir]);
    bases = ['busybox', 'alpine:3.20', 'golang:1.21-alpine'].flatMap((name) => [
      '--build-context',
      `${name}=docker-image://${base}`,
    ]);
  }, 180_000);

  /** A directory with the context of a case, the Dockerfile and the program. */
  function prepare(name: string): { readonly dir: string; readonly args: readonly string[] } {
    const { files, opts = {} } = readCase(name);
    const dir = temporaryDir();
    const taken = new Set<string>();
    for (const file of contextFiles.split(' ').sort((one, other) => other.length - one.length)) {
      if (taken.has(file)) continue;
      for (let directory = path.dirname(file); directory !== '.'; directory = path.dirname(directory))
        taken.add(directory);
      writeFiles(dir, { [file]: `${file} of ${name}, ${salt}\n` });
    }
    const directive = inLabs.includes(name) ? `# syntax=${syntax}\n` : '';
    writeFileSync(path.join(dir, 'Dockerfile'), `${directive}${files.get('Dockerfile')}`);
    const program = readFileSync(path.join(import.meta.dirname, `programs/${name}.ts`), 'utf8');
    writeFileSync(path.join(dir, 'build.ts'), `// syntax=${syntax}\n${program}`);
    writeFileSync(path.join(dir, 'secret'), 'secret\n');
    writeFileSync(path.join(dir, '.dockerignore'), 'build.ts\nDockerfile\nsecret\n');
    const buildArgs = Object.entries(opts).flatMap(([key, value]) =>
      key.startsWith('build-arg:') ? ['--build-arg', `${key.slice('build-arg:'.length)}=${value}`] : [],
    );
    const given = secrets.flatMap((id) => ['--secret', `id=${id},src=${path.join(dir, 'secret')}`]);
    return { dir, args: [...bases, ...buildArgs, ...given, '--output', 'type=cacheonly'] };
  }

  test.each(cases.map((name, index) => [name, index % 2 === 0] as const))(
    '%s: each finds all steps of the other in the cache',
    async (name, isDockerfileFirst) => {
      const { dir, args } = prepare(name);
      const files = ['Dockerfile', 'build.ts'];
      const [first, second] = isDockerfileFirst ? files : files.reverse();
      const build = (file: string) => dockerBuild(engine, [...args, '-f', path.join(dir, file), dir]);
      const built = await build(first!);
      expect(built.status, built.stderr).toBe(0);
      expect(uncachedSteps(built.stderr), built.stderr).not.toEqual([]);
      const again = await build(second!);
      expect(again.status, again.stderr).toBe(0);
      expect(uncachedSteps(again.stderr), again.stderr).toEqual([]);
      expect(again.stderr).toMatch(/^#\d+ CACHED$/m);
    },
  );
});
