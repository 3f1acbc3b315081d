import { image } from 'tsfront/build';

export default () =>
  image('busybox')
    .env({
      A: '1',
      B: 'two words',
      C: 'three words',
      D: 'single $quoted',
      E: 'a=b=c',
      F: '',
      G: '',
      H: 'xy zw',
    })
    .run('env');
