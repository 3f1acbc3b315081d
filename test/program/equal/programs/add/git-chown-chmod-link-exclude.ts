import { image } from 'tsfront/build';

const repository = 'https://github.com/acme/app.git#main';

export default () =>
  image('alpine:3.20')
    .add(repository, '/src', { chown: '1:2', chmod: '0644', exclude: ['docs/**'] })
    .add(repository, '/src2', { link: true, exclude: ['*.md'] });
