import { image } from 'tsfront/build';

export default () => image('alpine:3.20').arg('SOURCE_DATE_EPOCH', '1600000000').run('one');
