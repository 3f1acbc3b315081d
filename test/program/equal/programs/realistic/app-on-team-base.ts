import { image } from 'tsfront/build';

export default () =>
  image('example.com/team/onbuild:1').healthcheck('node healthcheck.js', { timeout: '2s' }).expose(3000);
