import { arg, expand, file, image } from 'tsfront/build';

const name = arg('NAME', { default: 'world' });

export default () =>
  image('alpine:3.20')
    .arg('NAME', name)
    .env('DIR', '/etc')
    .copy(
      [file('open', expand('hi $NAME ${MISSING:-none}\n')), file('shut', 'hi $NAME\n'), file('single', 'hi ${NAME}\n')],
      expand('${DIR}/'),
    );
