import { image, mount } from 'tsfront/build';

export default () =>
  image('busybox')
    .run('true', { mounts: [mount.tmpfs('/a')] })
    .run('true', { mounts: [mount.tmpfs('/b', { size: '64m' })] })
    .run('true', { mounts: [mount.tmpfs('/c', { size: 1 << 30 })] })
    .run('true', { mounts: [mount.tmpfs('/d', { size: '1.5GiB' })] });
