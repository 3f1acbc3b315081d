import { image, mount } from 'tsfront/build';

export default () =>
  image('busybox').run('true', {
    mounts: [
      mount.cache('/z'),
      mount.tmpfs('/a'),
      mount.secret('s', { target: '/m' }),
      mount.ssh(),
      mount.cache('/z/y'),
    ],
  });
