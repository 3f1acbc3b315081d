import { scratch } from 'tsfront/build';

export default () => scratch().add('https://example.com/rootfs.tar.xz', '/');
