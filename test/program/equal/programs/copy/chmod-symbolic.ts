import { image } from 'tsfront/build';

export default () =>
  image('alpine:3.20')
    .copy('a.sh', '/a.sh', { chmod: 'u=rwx,go=rx' })
    .copy('a.sh', '/b.sh', { chmod: '+x' })
    .copy('dir', '/dir', { chmod: 'a+rX,u+w' });
