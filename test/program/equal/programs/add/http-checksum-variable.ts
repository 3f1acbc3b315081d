import { arg, expand, image } from 'tsfront/build';

const sum = arg('SUM', { default: 'sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d' });

export default () =>
  image('alpine:3.20')
    .arg('SUM', sum)
    .add('https://example.com/linux.tar.xz', '/src/', { checksum: expand('$SUM') });
