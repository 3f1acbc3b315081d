import { expand, image } from 'tsfront/build';

const namespace = 'org.example';

export default () =>
  image('busybox')
    .env({ NS: namespace, V: '1 2' })
    .label({
      [`${namespace}.version`]: expand('v$V'),
      [`${namespace}.raw`]: '$V',
      [`${namespace}.quoted key`]: 'x',
    });
