// syntax=ghcr.io/org/tsfront
import { arg, context, expand, image, mount, scratch } from 'tsfront/build';

const uvVersion = arg('UV_VERSION', { default: '0.9', description: 'Version of uv' });

// The file that uv reads on a developer's machine chooses the image, too.
const pythonVersion = (await context().readText('.python-version')).trim();
const python = image(`python:${pythonVersion}-slim`).workdir('/app');

const withUv = python
  .copy(image(`ghcr.io/astral-sh/uv:${uvVersion}`), '/uv', '/bin/')
  .env({ UV_COMPILE_BYTECODE: '1', UV_LINK_MODE: 'copy', UV_PYTHON_DOWNLOADS: 'never' });

const cache = mount.cache('/root/.cache/uv');

// The packages of uv.lock first: they are not installed anew when the sources change.
const installed = withUv.run('uv sync --locked --no-install-project', {
  mounts: [
    cache,
    mount.bind('uv.lock', { source: 'uv.lock' }),
    mount.bind('pyproject.toml', { source: 'pyproject.toml' }),
  ],
});

const built = installed
  .copy(['pyproject.toml', 'uv.lock'], './')
  .copy('src', 'src')
  .run('uv sync --locked --no-editable', { mounts: [cache] });

/** Runs the tests; the result is their report, for `--output`. */
export const test = () => {
  const tested = built
    .copy('tests', 'tests')
    .run('.venv/bin/python -m unittest discover -v tests > /report.txt 2>&1 || { cat /report.txt; exit 1; }');
  return scratch().copy(tested, '/report.txt', '/');
};

/** The image: Python and the virtual environment, without uv and the sources. */
export default function app() {
  return python
    .copy(built, '/app/.venv', '.venv')
    .env('PATH', expand('/app/.venv/bin:$PATH'))
    .user('65532')
    .cmd(['python', '-m', 'weather']);
}
