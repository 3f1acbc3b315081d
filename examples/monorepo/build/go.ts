import { arg, image, mount, platform, scratch } from 'tsfront/build';
import { finish } from './finish.ts';
import type { Language, Service } from './services.ts';

const version = arg('GO_VERSION', { default: '1.25', description: 'Version of the Go toolchain' });

const mounts = [mount.cache('/go/pkg/mod'), mount.cache('/root/.cache/go-build')];
const toolchain = image(`golang:${version}-alpine`, { platform: platform.build })
  .workdir('/src')
  .copy('go.mod', './')
  .run('go mod download', { mounts });

// Only what the service is made of: a change of another one builds nothing.
const source = ({ folder }: Service) => toolchain.copy('shared/go', 'shared/go').copy(folder, folder);

export const go: Language = {
  files(service) {
    const { os, architecture } = platform.target;
    const built = source(service)
      .env({ CGO_ENABLED: '0', GOOS: os, GOARCH: architecture })
      .run(`go build -trimpath -o /out/${service.name} ./${service.folder}`, { mounts })
      .as(`build-${service.name}`);
    return scratch().copy(built, `/out/${service.name}`, '/');
  },
  image(service) {
    return finish(scratch().copy(this.files(service), '/', '/'), service).entrypoint([`/${service.name}`]);
  },
  test: (service) => source(service).run(`go test ./${service.folder} > /report`, { mounts }),
};
