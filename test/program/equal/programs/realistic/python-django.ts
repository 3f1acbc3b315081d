import { arg, expand, file, image } from 'tsfront/build';

const environment = arg('DJANGO_ENV', { default: 'production' });

const entrypoint = `#!/bin/sh
set -e
python manage.py migrate --noinput
exec "$@"
`;

export default () =>
  image('python:3.12-slim')
    .arg('DJANGO_ENV', environment)
    .env('DJANGO_SETTINGS_MODULE', expand('site.settings.${DJANGO_ENV}'))
    .workdir('/app')
    .copy('requirements/', 'requirements/')
    .run('pip install --no-cache-dir -r requirements/${DJANGO_ENV}.txt')
    .copy('.', '.')
    .run('SECRET_KEY=unused python manage.py collectstatic --noinput')
    .copy(file(entrypoint), '/usr/local/bin/entrypoint', { chmod: '755' })
    .volume('/app/media')
    .stopSignal('SIGINT')
    .entrypoint(['entrypoint'])
    .cmd(['uvicorn', 'site.asgi:application', '--host', '0.0.0.0']);
