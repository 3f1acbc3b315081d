import { arg, expand, image } from 'tsfront/build';

const commit = arg('COMMIT', { default: 'unknown' });

export default () => image('busybox').arg('COMMIT', commit).env('COMMIT', expand('${COMMIT}')).run('echo $COMMIT');
