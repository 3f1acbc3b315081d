import { image } from 'tsfront/build';

export default () => image('busybox').arg('TARGETSTAGE').run('echo $TARGETSTAGE');
