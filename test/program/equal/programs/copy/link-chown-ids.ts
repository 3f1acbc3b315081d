import { image } from 'tsfront/build';

export default () => image('alpine:3.20').copy('a.txt', '/a.txt', { link: true, chown: '1000:1000' });
