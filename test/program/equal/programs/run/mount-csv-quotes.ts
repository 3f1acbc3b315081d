import { image, mount } from 'tsfront/build';

export default () => image('busybox').run('true', { mounts: [mount.cache('/a,b')] });
