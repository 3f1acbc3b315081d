import { line } from '@example/format';

console.log(line(new Date(0), 'the api has started'));
