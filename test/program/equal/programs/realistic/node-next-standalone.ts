import { arg, image, mount } from 'tsfront/build';

const api = arg('NEXT_PUBLIC_API', { default: 'https://api.example.com' });

const builder = image('node:22-alpine')
  .run('apk add --no-cache libc6-compat')
  .workdir('/app')
  .copy('.', '.')
  .arg('NEXT_PUBLIC_API', api)
  .env('NEXT_TELEMETRY_DISABLED', '1')
  .run('npm ci && npm run build', {
    mounts: [
      mount.secret('sentry', { env: 'SENTRY_AUTH_TOKEN' }),
      mount.cache('/app/.next/cache', { uid: 1000, gid: 1000 }),
    ],
  });

export default () =>
  image('node:22-alpine')
    .workdir('/app')
    .run(`addgroup --system --gid 1001 nodejs \
 && adduser --system --uid 1001 nextjs`)
    .copy(builder, '/app/public', './public')
    .copy(builder, '/app/.next/standalone', './', { chown: 'nextjs:nodejs' })
    .copy(builder, '/app/.next/static', './.next/static', { chown: 'nextjs:nodejs' })
    .user('nextjs')
    .env({ PORT: '3000', HOSTNAME: '0.0.0.0' })
    .expose(3000)
    .cmd(['node', 'server.js']);
