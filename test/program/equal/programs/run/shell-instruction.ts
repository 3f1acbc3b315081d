import { image } from 'tsfront/build';

export default () =>
  image('busybox')
    .run('echo sh')
    .shell(['/bin/bash', '-euo', 'pipefail', '-c'])
    .run('echo bash')
    .run(['echo', 'exec'])
    .shell(['/bin/ash', '-c'])
    .run('echo ash')
    .cmd('echo cmd');
