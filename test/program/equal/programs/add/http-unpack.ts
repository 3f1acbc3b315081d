import { image } from 'tsfront/build';

export default () =>
  image('alpine:3.20')
    .add('https://example.com/rootfs.tar.gz', '/', { unpack: true })
    .add('https://example.com/rootfs2.tar.gz', '/', { unpack: true });
