import { context, scratch } from 'tsfront/build';

export default () => scratch().copy(context('dep'), '/bin/busybox', '/bb');
