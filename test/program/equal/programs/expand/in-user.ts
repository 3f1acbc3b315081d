import { expand, image } from 'tsfront/build';

export default () => image('busybox').env({ U: 'app', G: '' }).user(expand('${U}:${G:-staff}')).run('id');
