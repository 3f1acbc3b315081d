import { arg, image, mount, scratch } from 'tsfront/build';

const goVersion = arg('GO_VERSION', { default: '1.21', description: "the toolchain's version" });
const version = arg('VERSION', { default: 'dev' });

const modules = mount.cache('/go/pkg/mod');

const build = image(`golang:${goVersion}-alpine`)
  .run('apk add --no-cache ca-certificates tzdata git')
  .workdir('/src')
  .copy(['go.mod', 'go.sum'], './')
  .run('go mod download', { mounts: [modules] })
  .copy('.', '.')
  .arg('VERSION', version)
  .run('CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/server ./cmd/server', {
    mounts: [modules, mount.cache('/root/.cache/go-build')],
  });

export default () =>
  scratch()
    .copy(build, '/usr/share/zoneinfo', '/usr/share/zoneinfo')
    .copy(build, '/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/')
    .copy(build, '/out/server', '/server')
    .user('65534:65534')
    .expose(8080)
    .entrypoint(['/server']);
