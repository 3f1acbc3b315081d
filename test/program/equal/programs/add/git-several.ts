import { image } from 'tsfront/build';

export default () =>
  image('alpine:3.20').add(['https://github.com/acme/one.git#main', 'git@github.com:acme/two.git', 'local'], '/src/');
