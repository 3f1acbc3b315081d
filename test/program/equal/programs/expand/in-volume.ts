import { expand, image } from 'tsfront/build';

export default () =>
  image('busybox')
    .env({ D: '/data', TWO: '/a /b' })
    .volume(expand('$D/x'), expand('"$TWO"'), '/q')
    .volume(expand('$D/json'), '/plain dir');
