// syntax=ghcr.io/org/tsfront
import { arg, image, mount, platform, scratch } from 'tsfront/build';

const version = arg('GO_VERSION', { default: '1.25', description: 'Version of the Go toolchain' });
const keepsSymbols = arg('DEBUG', { type: 'boolean', default: false, description: 'Keep symbols for debuggers' });

// The toolchain runs on the builder's own platform, and compiles for the target's.
const toolchain = image(`golang:${version}-alpine`, { platform: platform.build });
const mounts = [mount.cache('/go/pkg/mod'), mount.cache('/root/.cache/go-build')];

const source = toolchain
  .workdir('/src')
  .copy('go.mod', './')
  .run('go mod download', { mounts })
  .copy('.', '.', { exclude: ['build.ts', 'README.md'] });

/** Runs the tests; the result is their report, for `--output`. */
export const test = () => {
  const tested = source.run('go vet ./... && go test -json ./... > /report.json', { mounts });
  return scratch().copy(tested, '/report.json', '/');
};

/** An image that holds nothing but a static binary. */
export default function app() {
  const flags = keepsSymbols ? '' : "-trimpath -ldflags='-s -w'";
  const { os, architecture } = platform.target;
  const built = source
    .env({ CGO_ENABLED: '0', GOOS: os, GOARCH: architecture })
    .run(`go build ${flags} -o /out/hello .`, { mounts });
  return scratch().copy(built, '/out/hello', '/hello').user('65532').entrypoint(['/hello']);
}
