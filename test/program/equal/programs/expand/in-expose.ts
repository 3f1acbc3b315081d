import { expand, image } from 'tsfront/build';

export default () =>
  image('busybox')
    .env({ PORTS: '80 443/udp', BASE: '9000' })
    .expose(expand('$PORTS'), expand('${BASE}-9002'), '5353/udp', expand('${OTHER:-7}'));
