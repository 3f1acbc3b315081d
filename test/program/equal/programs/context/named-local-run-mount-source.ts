import { context, image, mount } from 'tsfront/build';

export default () =>
  image('alpine:3.20').run('ls /docs', { mounts: [mount.bind('/docs', { from: context('docs'), source: 'guide' })] });
