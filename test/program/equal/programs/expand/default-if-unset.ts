import { expand, image } from 'tsfront/build';

export default () =>
  image('busybox')
    .env({ EMPTY: '', FULL: 'x' })
    .label({
      a: expand('${UNSET:-d}'),
      b: expand('${EMPTY:-d}'),
      c: expand('${FULL:-d}'),
      d: expand('${UNSET-d}'),
      e: expand('${EMPTY-d}'),
      f: expand('${FULL-d}'),
      g: expand('${UNSET:-}'),
      h: expand('${UNSET-}'),
    });
