import { image } from 'tsfront/build';

const repository = 'https://github.com/acme/app.git';

export default () =>
  image('alpine:3.20').add(`${repository}?subdir=docs/guide`, '/a').add(`${repository}?ref=main&subdir=docs`, '/b');
