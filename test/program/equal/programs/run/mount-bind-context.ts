import { image, mount } from 'tsfront/build';

export default () =>
  image('busybox')
    .run('ls /src', { mounts: [mount.bind('/src')] })
    .run('cat /main.c', { mounts: [mount.bind('/main.c', { source: 'app/main.c' })] })
    .run('true', { mounts: [mount.bind('/lib2', { source: './lib/' }), mount.bind('/abs', { source: '/abs' })] });
