import { image } from 'tsfront/build';

export default () => image('alpine:3.20').arg('TARGETPLATFORM').run('echo $TARGETPLATFORM').copy('a', '/a');
