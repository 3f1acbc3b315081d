import { scratch } from 'tsfront/build';

export default () => scratch().copy('a.txt', '/a.txt', { link: true }).copy('b.txt', '/b.txt', { link: true });
