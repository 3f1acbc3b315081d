import { expand, file, image } from 'tsfront/build';

export default () =>
  image('alpine:3.20')
    .add(file(expand('plain\n')), '/etc/issue')
    .add([file('a.sh', expand('#!/bin/sh\n')), 'b.txt', file('c.sh', 'echo $HOME\n')], '/bin/', { chmod: '755' });
