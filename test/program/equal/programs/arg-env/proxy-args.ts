import { image } from 'tsfront/build';

export default () => image('busybox').run('wget example.com');
