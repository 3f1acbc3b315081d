import { image } from 'tsfront/build';

export default () => image('busybox').run('echo a', { security: 'sandbox' }).run('echo b', { security: 'insecure' });
