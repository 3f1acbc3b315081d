import { expand, image } from 'tsfront/build';

export default () =>
  image('golang:1.21-alpine')
    .env({ GOLANG_VERSION: '1.99', NEW: '1' })
    .env('PATH', expand('/opt/bin:$PATH'))
    .env('NEW', '2')
    .run('env');
