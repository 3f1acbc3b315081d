import { image } from 'tsfront/build';

export default () => image('busybox').run('cat /etc/hosts').run('true', { network: 'default' });
