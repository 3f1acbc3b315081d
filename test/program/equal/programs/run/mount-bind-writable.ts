import { context, image, mount } from 'tsfront/build';

export default () =>
  image('busybox')
    .run('touch /a/x', { mounts: [mount.bind('/a', { readwrite: true })] })
    .run('touch /b/x', { mounts: [mount.bind('/b', { from: context(), readwrite: true })] })
    .run('touch /c/x', { mounts: [mount.bind('/c', { readwrite: true })] })
    .run('true', { mounts: ['/d', '/e', '/f'].map((target) => mount.bind(target, { readwrite: false })) });
