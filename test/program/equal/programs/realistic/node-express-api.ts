import { expand, image, mount, type Stage } from 'tsfront/build';

const node = (): Stage => image('node:22-alpine');
const npm = { mounts: [mount.cache('/root/.npm')] };

const deps = node().workdir('/app').copy(['package.json', 'package-lock.json'], './').run('npm ci --omit=dev', npm);

const build = node()
  .workdir('/app')
  .copy('package*.json', './')
  .run('npm ci', npm)
  .copy('tsconfig.json', './')
  .copy('src', './src')
  .run('npm run build');

export default () =>
  node()
    .env({ NODE_ENV: 'production', PORT: '3000' })
    .workdir('/app')
    .copy(deps, '/app/node_modules', './node_modules', { chown: 'node:node' })
    .copy(build, '/app/dist', './dist', { chown: 'node:node' })
    .copy('package.json', '.', { chown: 'node:node' })
    .user('node')
    .expose(expand('$PORT'))
    .healthcheck('wget -qO- http://127.0.0.1:${PORT}/healthz || exit 1', {
      interval: '30s',
      timeout: '5s',
      retries: 3,
    })
    .cmd(['node', 'dist/index.js']);
