/**
 * Images with the tools that the examples use, in the registry of an engine, which has no internet: Go, Python and Node
 * are real, uv is a script. A build gets them as named contexts.
 */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../engine/command.ts';
import type { Engine } from '../engine/engine.ts';
import { temporaryDir } from '../temporary-dir.ts';

const engineScripts = path.resolve(import.meta.dirname, '../engine');

/** What the examples ask of uv: a virtual environment, the same lock file as before, and the project in it. */
const uv = `#!/bin/sh
set -e
test "$1 $2" = 'sync --locked'
test -f pyproject.toml && grep -q '^name = "weather"' uv.lock
case "$*" in
*--no-install-project)
  test ! -e src
  python -m venv --without-pip --symlinks .venv
  ;;
*--no-editable)
  cp -r src/weather .venv/lib/python3*/site-packages/
  ;;
esac
echo "$*" >> /root/.cache/uv/calls
`;

/** Makes the images; returns the flags that give them to a build. */
export async function toolImages(engine: Engine): Promise<string[]> {
  const installed = await runCommand(path.join(import.meta.dirname, 'tools.sh'), [], { timeout: 600_000 });
  if (installed.status !== 0) throw new Error(`Go and Python cannot be had here: ${installed.stderr}`);
  const contexts = {
    'golang:1.25-alpine': await push(
      engine,
      'test/tools:1',
      'FROM scratch\nCOPY --from=tools . /\nENV PATH=/usr/bin\n',
      {
        tools: installed.stdout.trim(),
      },
    ),
    'node:24-alpine': await pushNode(engine),
    'ghcr.io/astral-sh/uv:0.9': await push(engine, 'test/uv:1', 'FROM scratch\nCOPY --chmod=755 uv /uv\n', {}, { uv }),
  };
  const all = { ...contexts, 'python:3.13-slim': contexts['golang:1.25-alpine'] };
  return Object.entries(all).flatMap(([name, image]) => ['--build-context', `${name}=docker-image://${image}`]);
}

/** This machine's own node and npm. */
async function pushNode(engine: Engine): Promise<string> {
  await engine.must(path.join(engineScripts, 'image.sh'), ['node'], { env: { ENGINE_HOME: engine.home } });
  const npm = path.resolve(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim()), '../..');
  const dockerfile = `FROM ${engine.registry}/test/node:1
COPY --from=npm . /usr/lib/npm
RUN echo 'node:x:1000:1000::/home/node:/bin/sh' >> /etc/passwd
COPY --chmod=755 npm /bin/npm
`;
  return push(
    engine,
    'test/node-npm:1',
    dockerfile,
    { npm },
    { npm: '#!/bin/sh\nexec node /usr/lib/npm/bin/npm-cli.js "$@"\n' },
  );
}

async function push(
  engine: Engine,
  name: string,
  dockerfile: string,
  directories: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const directory = temporaryDir({ Dockerfile: dockerfile, ...files });
  const image = `${engine.registry}/${name}`;
  const contexts = Object.entries(directories).flatMap(([key, value]) => ['--build-context', `${key}=${value}`]);
  await engine.must('docker', [
    'buildx',
    'build',
    '--quiet',
    '--provenance=false',
    ...contexts,
    '-t',
    image,
    '--push',
    directory,
  ]);
  return image;
}
