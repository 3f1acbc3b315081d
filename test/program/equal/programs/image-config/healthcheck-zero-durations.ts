import { image } from 'tsfront/build';

export default () =>
  image('busybox').healthcheck('x', { interval: '0', timeout: '0s', startPeriod: '1.5h', startInterval: '1h1m1s1ms' });
