import { arg, image } from 'tsfront/build';

arg('A', { optional: true });
arg('B');
const c = arg('C', { default: 'c c' });

export default () => image('busybox').arg('A').arg('B').arg('C', c).run('echo').run(['echo', 'exec']).copy('x', '/');
