import { image } from 'tsfront/build';

export default () =>
  image('busybox').user('app').user(1000).user('app:staff').user('1000:1000').user('some one').run('id');
