import { expand, image, mount } from 'tsfront/build';

const apt = ['/var/cache/apt', '/var/lib/apt'].map((path) => mount.cache(path, { sharing: 'locked' }));

const build = image('python:3.12-slim')
  .env({ PIP_DISABLE_PIP_VERSION_CHECK: '1', PYTHONDONTWRITEBYTECODE: '1' })
  .run(
    `rm -f /etc/apt/apt.conf.d/docker-clean && \
    apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev`,
    { mounts: apt },
  )
  .run('python -m venv /venv')
  .env('PATH', expand('/venv/bin:$PATH'))
  .copy('requirements.txt', '.')
  .run('pip install -r requirements.txt', { mounts: [mount.cache('/root/.cache/pip')] });

export default () =>
  image('python:3.12-slim')
    .env({ PATH: expand('/venv/bin:$PATH'), PYTHONUNBUFFERED: '1' })
    .run('useradd --create-home --uid 1000 app')
    .copy(build, '/venv', '/venv')
    .workdir('/home/app')
    .copy('src/', './src/', { chown: 'app:app' })
    .user('app')
    .expose(8000)
    .cmd(['gunicorn', '-b', '0.0.0.0:8000', 'src.main:app']);
