import { image } from 'tsfront/build';

const built = image('golang:1.21-alpine').run('go build -o /bin/app');

export default () =>
  image('alpine:3.20').run('adduser app').copy(built, '/bin/app', '/bin/app', { link: true }).run('/bin/app --version');
