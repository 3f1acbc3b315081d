import { context, scratch } from 'tsfront/build';

export default () =>
  scratch().copy(context('one'), '/a', '/a').copy(context('two'), '/b', '/b').copy(context('three'), '/c', '/c');
