import { image, platform } from 'tsfront/build';

export default () =>
  image('alpine:3.20', { platform: String(platform.build) })
    .arg('TARGETPLATFORM')
    .run('one')
    .arg('TARGETARCH')
    .copy('a', '/a');
