import { image } from 'tsfront/build';

export default () => image('alpine:3.20').arg('SOURCE_DATE_EPOCH').run('echo $SOURCE_DATE_EPOCH').copy('a', '/a');
