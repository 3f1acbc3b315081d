import { image, mount } from 'tsfront/build';

const seed = image('alpine:3.20').run('mkdir -p /seed/sub');

export default () =>
  image('busybox')
    .run('true', { mounts: [mount.cache('/a', { from: seed })] })
    .run('true', { mounts: [mount.cache('/b', { from: seed, source: '/seed/sub' })] })
    .run('true', { mounts: [mount.cache('/c', { from: seed, source: '/seed', uid: 5 })] })
    .run('true', { mounts: [mount.cache('/d', { from: seed, uid: 5 })] });
