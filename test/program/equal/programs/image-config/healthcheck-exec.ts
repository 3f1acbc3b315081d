import { image } from 'tsfront/build';

export default () => image('busybox').healthcheck(['/check', '--fast'], { retries: 0 });
