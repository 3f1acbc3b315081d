import { file, image } from 'tsfront/build';

export default () =>
  image('alpine:3.20')
    .copy(file('run.sh', '#!/bin/sh\necho hi\n'), '/run.sh', { chown: '10:20', chmod: '0755' })
    .copy(file('x', 'linked\n'), '/x', { link: true });
