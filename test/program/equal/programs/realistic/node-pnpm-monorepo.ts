import { arg, expand, image, mount } from 'tsfront/build';

const node = arg('NODE', { default: '22' });
const app = arg('APP');

const base = image(`node:${node}-alpine`)
  .env('PNPM_HOME', '/pnpm')
  .env('PATH', expand('$PNPM_HOME:$PATH'))
  .run('corepack enable')
  .as('base');

const build = base
  .arg('APP')
  .workdir('/repo')
  .copy(
    ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'packages/*/package.json', 'apps/*/package.json'],
    './',
    { parents: true },
  )
  .run('pnpm install --frozen-lockfile', { mounts: [mount.cache('/pnpm/store', { id: 'pnpm' })] })
  .copy('.', '.', { exclude: ['**/*.test.ts'] })
  .run('pnpm --filter "${APP}..." run build && pnpm deploy --filter=${APP} --prod /prod/${APP}');

export default () =>
  base
    .arg('APP')
    .workdir(`/srv/${app}`)
    .copy(build, `/prod/${app}`, '.')
    .label('org.opencontainers.image.title', app)
    .cmd(['pnpm', 'start']);
