import { arg, image } from 'tsfront/build';

const a = arg('A', { default: 'default-a' });
const b = arg('B', { default: 'default-b' });

export default () => image('busybox').arg('A', a).arg('B', b).run('echo $A $B');
