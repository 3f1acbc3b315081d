import { image } from 'tsfront/build';

export default () =>
  image('busybox')
    .cmd(['a "b"', 'é', 'tab\t', '\\'])
    .entrypoint(['x y'])
    .label('a', 'b "c"')
    .env('V', 'é x')
    .shell(['/bin/sh x', '-c'])
    .volume('/a b', '/c');
