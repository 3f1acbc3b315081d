import { image } from 'tsfront/build';

const a = image('alpine:3.20').run('one').as('a');
const second = image('alpine:3.20').run('two').as('second');

export const third = () => image('alpine:3.20').run('three').copy(a, '/o', '/o').copy(second, '/o', '/o');
