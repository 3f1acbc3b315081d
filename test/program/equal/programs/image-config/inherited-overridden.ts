import { image } from 'tsfront/build';

export default () =>
  image('example.com/team/configured:1')
    .user('root')
    .workdir('/opt')
    .label({ tier: 'top', 'org.example.new': '1' })
    .env({ HOME: '/root', EMPTY: 'full' })
    .healthcheck(false)
    .shell(['/bin/sh', '-c'])
    .run('true');
