import { image } from 'tsfront/build';

export default () => image('alpine:3.20').workdir('/srv').copy('a', '/a').run('one').env('A', 'b');
