import { arg, image } from 'tsfront/build';

const uid = arg('UID', { default: '1000' });

const base = image('node:22-alpine')
  .arg('UID', uid)
  .run('apk add --no-cache shadow && usermod -u $UID node')
  .workdir('/home/node/app')
  .user('node')
  .as('base');

export const dev = () =>
  base
    .env('NODE_ENV', 'development')
    .copy('package*.json', './', { chown: 'node' })
    .run('npm install')
    .volume('/home/node/app/node_modules')
    .expose(3000, 9229)
    .cmd('npm run dev');

export const prod = () => base.copy('.', '.', { chown: 'node' }).run('npm ci --omit=dev').cmd(['node', '.']);

export default () => prod();
