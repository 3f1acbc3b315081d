// Drive BuildKit from an application: a Dockerfile held in memory and a context go to a daemon, progress comes back as
// it happens, then the digest and attributes of the image. The docker command is not needed.
//
//   node drive-buildkit.mjs [CONTEXT] [IMAGE]
//
// The daemon is the one that BUILDKIT_HOST or DOCKER_HOST names, or the local one. BASE is the image to build on.
import {
  connect,
  dockerfileFrontend,
  emptyBuildState,
  errorSources,
  formatSource,
  reduceStatus,
  solve,
} from 'tsfront/client';

const [context = import.meta.dirname, image = 'example/driven:latest'] = process.argv.slice(2);
const dockerfile = `
FROM ${process.env['BASE'] ?? 'alpine'}
ARG GREETING=hello
COPY . /context
RUN echo "$GREETING from $(uname -s)" > /greeting && find /context -type f | wc -l
CMD ["cat", "/greeting"]
`;

const interrupt = new AbortController(); // Ctrl-C ends the build in the daemon too
process.once('SIGINT', () => interrupt.abort());

const connection = await connect();
console.log(`connected to ${connection.address} (${connection.kind})`);
try {
  const build = solve(connection, {
    frontend: dockerfileFrontend, // in this process; 'dockerfile.v0' is the daemon's own
    frontendAttrs: { 'build-arg:GREETING': 'greetings' },
    localDirs: { context, dockerfile: { Dockerfile: dockerfile } },
    exports: [{ type: 'image', attrs: { name: image } }],
    signal: interrupt.signal,
  });

  let state = emptyBuildState;
  const shown = new Set(); // daemons report a step again when it has run once more
  for await (const update of build.status) {
    state = reduceStatus(state, update);
    for (const { digest, name, completed, cached, error } of update.vertexes) {
      if (!completed || shown.has(digest)) continue;
      console.log(`${error ? 'failed' : cached ? 'cached' : 'done  '} ${name}`);
      shown.add(digest);
    }
    for (const { data } of update.logs) process.stdout.write(data);
  }

  const { exporterResponse } = await build.result;
  console.log(`${state.vertexes.size} steps, ${state.warnings.length} warnings`);
  console.log(`image  ${exporterResponse['image.name']}`);
  console.log(`digest ${exporterResponse['containerimage.digest']}`);
} catch (error) {
  for (const source of errorSources(error)) console.error(formatSource(source)); // the lines it is about
  console.error(String(error));
  process.exitCode = 1;
} finally {
  connection.close();
}
