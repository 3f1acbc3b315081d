import { scratch } from 'tsfront/build';

export default () => scratch().copy('a', '/a');
