import { image } from 'tsfront/build';

export default () =>
  image('busybox')
    .run(String.raw`echo one
  echo "$TWO" # no comment here
\
`)
    .run('echo after');
