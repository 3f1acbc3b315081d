import { arg, expand, image, mount } from 'tsfront/build';

const kubectl = arg('KUBECTL_VERSION', { default: 'v1.31.2' });

export default () =>
  image('ubuntu:24.04')
    .shell(['/bin/bash', '-o', 'errexit', '-o', 'pipefail', '-c'])
    .arg('KUBECTL_VERSION', kubectl)
    .arg('TARGETARCH')
    .env('DEBIAN_FRONTEND', 'noninteractive')
    .run('apt-get update && apt-get -y install curl jq unzip', {
      mounts: [mount.cache('/var/cache/apt', { sharing: 'locked' })],
    })
    .add(
      expand('https://dl.example.com/${KUBECTL_VERSION}/bin/linux/${TARGETARCH}/kubectl'),
      '/usr/local/bin/kubectl',
      { chmod: '755' },
    )
    .run('curl -fsSL -H "Authorization: Bearer $INDEX_TOKEN" https://index.example.com/tools.tar | tar -x -C /opt', {
      mounts: [mount.secret('index', { env: 'INDEX_TOKEN' })],
    })
    .workdir('/workspace')
    .entrypoint(['/bin/bash', '-l']);
