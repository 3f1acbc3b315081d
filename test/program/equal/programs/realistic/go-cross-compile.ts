import { expand, image, mount, platform } from 'tsfront/build';

const modules = mount.cache('/go/pkg/mod', { id: 'gomod' });

const build = () =>
  image('golang:1.21-alpine', { platform: String(platform.build) })
    .arg('TARGETOS')
    .arg('TARGETARCH')
    .env('CGO_ENABLED', '0')
    .workdir('/src')
    .run('go mod download -x', {
      mounts: [mount.bind('go.mod', { source: 'go.mod' }), mount.bind('go.sum', { source: 'go.sum' }), modules],
    })
    .run('GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/tool .', {
      mounts: [mount.bind('.'), modules, mount.cache('/root/.cache/go-build', { id: expand('gobuild-$TARGETARCH') })],
    });

export default () =>
  image('alpine:3.20')
    .run('adduser -D -u 10001 app')
    .user('app')
    .copy(build(), '/out/tool', '/usr/local/bin/tool', { chown: 'app:app' })
    .entrypoint(['tool']);
