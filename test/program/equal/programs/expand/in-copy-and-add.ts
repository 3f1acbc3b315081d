import { expand, image } from 'tsfront/build';

export default () =>
  image('busybox')
    .env({ SRC: 'app', DST: '/srv', OWNER: '1000:1000', MODE: '0640' })
    .copy(expand('$SRC/*.py'), expand('${DST}/'), { chown: expand('$OWNER'), chmod: expand('$MODE') })
    .add([expand('$SRC/quoted'), '$SRC'], expand('$DST/$SRC/'), { chown: expand('${OWNER%%:*}') })
    .copy(expand('$SRC/a'), expand('$DST/b c/'));
