import { image } from 'tsfront/build';

export default () =>
  image('busybox')
    .run('echo a', { devices: ['vendor1.com/device=foo'] })
    .run('echo b', { devices: ['vendor1.com/device'] })
    .run('echo c', { devices: ['vendor1.com/device=foo,required', 'vendor2.com/gpu=all'] })
    .run('echo d', { devices: ['vendor1.com/device=*,required'] });
