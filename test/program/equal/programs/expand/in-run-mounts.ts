import { arg, expand, image, mount } from 'tsfront/build';

const directory = arg('T', { default: '/cache' });
const id = arg('ID', { default: 'my' });

export default () =>
  image('busybox')
    .arg({ T: directory, ID: id })
    .env('RW', 'true')
    .run('echo $T', {
      mounts: [
        mount.cache(expand('$T/x'), { id: expand('${ID}-id'), sharing: 'locked' }),
        mount.bind(`${directory}/b`, { source: 'src', readwrite: true }),
      ],
    });
