// An image without a Dockerfile: its steps are written in code. The source is compiled where the daemon is, for two
// platforms, with a cache mount and a secret that the compile step reads; the image holds nothing but the binary.
//
//   node image-without-dockerfile.mjs IMAGE [--push | --oci DIR]
//
// BUILDER and COMPILE replace the image and the command that compile, PLATFORMS the platforms, LICENSE_KEY the secret.
// Registry credentials are those of the docker command; an SSH agent is forwarded where there is one.
import { connect, createDisplay, imageFrontend, imageResolver, showProgress, solve } from 'tsfront/client';
import { copy, local, resolveImage, scratch } from 'tsfront/llb';

const [name = 'example/hello:latest', mode, dir = 'hello-image'] = process.argv.slice(2);
const {
  BUILDER = 'golang:1.25-alpine',
  COMPILE = 'test -s /run/secrets/license && go build -o /out/hello main.go',
  PLATFORMS = 'linux/amd64,linux/arm64',
  LICENSE_KEY = 'none',
  SSH_AUTH_SOCK,
} = process.env;

const frontend = imageFrontend(PLATFORMS.split(','), async (platform, bridge) => {
  // The compiler runs natively and is told what to compile for.
  const [native] = bridge.options.workers[0]?.platforms ?? [];
  const builder = await resolveImage(BUILDER, imageResolver(bridge), { platform: native, pin: true });
  const out = builder
    .dir('/src')
    .file(copy(local('source'), '/', '/src', { copyDirContentsOnly: true }), { platform: native })
    .run({
      args: ['/bin/sh', '-c', COMPILE],
      platform: native,
      customName: `compile for ${platform.os}/${platform.architecture}`,
      env: { GOOS: platform.os, GOARCH: platform.architecture, CGO_ENABLED: '0' },
      mounts: [
        { type: 'cache', target: '/root/.cache', id: 'hello-cache' },
        { target: '/out', source: scratch() },
      ],
      secrets: [{ id: 'license', target: '/run/secrets/license' }],
      ssh: SSH_AUTH_SOCK ? [{}] : [],
    })
    .mount('/out');
  return {
    state: scratch().file(copy(out, '/hello', '/hello')),
    image: { entrypoint: ['/hello'], labels: { 'org.opencontainers.image.title': 'hello' } },
  };
});

/** @type {import('tsfront/client').Export} */
const output =
  mode === '--oci'
    ? { type: 'oci', dest: dir, attrs: { name, tar: 'false' } }
    : { type: 'image', attrs: { name, push: String(mode === '--push') } };

const connection = await connect();
try {
  const build = solve(connection, {
    frontend,
    localDirs: { source: `${import.meta.dirname}/hello` },
    secrets: { license: { value: LICENSE_KEY } },
    ssh: SSH_AUTH_SOCK ? [{}] : [],
    exports: [output],
  });
  await showProgress(build.status, await createDisplay('auto', process.stderr));
  const { exporterResponse } = await build.result;
  console.log(`${name}@${exporterResponse['containerimage.digest']}`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
} finally {
  connection.close();
}
