import { image } from 'tsfront/build';

const a = image('example.com/team/onbuild:1').as('a');

export default () => a.run('echo b');
