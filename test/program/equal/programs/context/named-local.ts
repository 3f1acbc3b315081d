import { context, scratch } from 'tsfront/build';

export default () => scratch().copy(context('docs'), ['a', 'b/'], '/out/');
