import { image } from 'tsfront/build';

export default () =>
  image('busybox').env('A', 'a').label({ a: '$A', b: '\\', c: 'n', d: '"', e: "'", f: 'a b', g: '\\a', h: '${A}' });
