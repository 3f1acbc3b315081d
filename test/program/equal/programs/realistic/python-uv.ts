import { expand, image, mount } from 'tsfront/build';

const uv = [
  mount.bind('/bin/uv', { from: image('ghcr.io/astral-sh/uv:0.5'), source: '/uv' }),
  mount.cache('/root/.cache/uv'),
];

const build = image('python:3.12-slim')
  .env({ UV_LINK_MODE: 'copy', UV_COMPILE_BYTECODE: '1', UV_PYTHON_DOWNLOADS: 'never' })
  .workdir('/app')
  .run('uv sync --frozen --no-install-project --no-dev', {
    mounts: [
      ...uv,
      mount.bind('uv.lock', { source: 'uv.lock' }),
      mount.bind('pyproject.toml', { source: 'pyproject.toml' }),
    ],
  })
  .copy('.', '/app')
  .run('uv sync --frozen --no-dev', { mounts: uv });

export default () =>
  image('python:3.12-slim')
    .copy(build, '/app', '/app', { chown: '1000:1000' })
    .env('PATH', expand('/app/.venv/bin:$PATH'))
    .workdir('/app')
    .user(1000)
    .entrypoint(['python', '-m', 'service']);
