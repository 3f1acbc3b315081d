import { image } from 'tsfront/build';

const base = image('busybox').onbuild('RUN echo base trigger').as('base');
const child = base.onbuild('RUN echo child trigger').as('child');

export default () => child.run('echo end');
