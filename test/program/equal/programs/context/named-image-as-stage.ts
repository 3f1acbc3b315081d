import { image } from 'tsfront/build';

const build = image('no-such-image').run('never').as('build');

export default () => build.run('env');
