import { context, scratch } from 'tsfront/build';

const docs = context('docs');

export default () => scratch().copy(docs, 'guide.md', '/guide.md').copy(docs, '/img/', '/img/');
