import { image } from 'tsfront/build';

export default () =>
  image('busybox').expose(9000, '80/tcp', '53/udp', '443/TCP', '7000-7003', '132/sctp', '8080/').expose(80);
