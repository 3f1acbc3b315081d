// `npm run image`: assembles the frontend image as an OCI layout, without an engine and reproducibly.
//
//   --output DIR             where the layout goes                                   (dist/image)
//   --platform P,…           linux/amd64 and linux/arm64                             (both)
//   --compression gzip|zstd  gzip is what every engine can pull; zstd is a quarter smaller  (gzip)
//   --push NAME              pushes the layout to a registry without credentials as well
//   --root DIR --runtime DIR writes the files of one platform's two layers instead, with the node of an unpacked
//                            image: this is how the Dockerfile uses it
//
// SOURCE_DATE_EPOCH is when the image was created. Exit codes: 1 it cannot be made, 2 an option is wrong.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleForSnapshot } from './image/bundle.mjs';
import { compressions, createLayout } from './image/oci-layout.mjs';
import { pushLayout } from './image/push.mjs';
import { architectures, fetchRuntime, findRuntime, runtimeFiles } from './image/runtime.mjs';
import { takeSnapshot, writeFiles } from './image/snapshot.mjs';
import { createTar } from './image/tar.ts';

class UsageError extends Error {}

function readOptions() {
  let options;
  try {
    options = parseArgs({
      options: {
        output: { type: 'string', default: path.resolve(import.meta.dirname, '../dist/image') },
        platform: { type: 'string', default: 'linux/amd64,linux/arm64' },
        compression: { type: 'string', default: 'gzip' },
        push: { type: 'string' },
        root: { type: 'string' },
        runtime: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
  const chosen = options.platform.split(',').map((platform) => {
    const [os, architecture, ...rest] = platform.split('/');
    if (os !== 'linux' || !architectures[architecture] || rest.length > 0)
      throw new UsageError(`no image for ${platform}: there are linux/amd64 and linux/arm64`);
    return architecture;
  });
  if (!compressions.includes(options.compression))
    throw new UsageError(`no such compression: ${options.compression} (there are ${compressions.join(' and ')})`);
  const epoch = process.env.SOURCE_DATE_EPOCH || '0';
  if (!/^\d{1,11}$/.test(epoch)) throw new UsageError(`SOURCE_DATE_EPOCH is no number of seconds: ${epoch}`);
  const created = new Date(Number(epoch) * 1000).toISOString().replace('.000', '');
  return { ...options, architectures: chosen, created };
}

/** The image config; the Dockerfile says the same, and BuildKit adds the path of an image that is made from nothing. */
const config = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Entrypoint: ['/bin/node', '--snapshot-blob', '/frontend.blob'],
  WorkingDir: '/',
  Labels: {
    'moby.buildkit.frontend.network.none': 'true',
    'moby.buildkit.frontend.caps':
      'moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd',
  },
};

/** The image's files, what changes with Node apart from what changes with the frontend. */
function assemble(architecture, runtime, script) {
  const base = runtimeFiles(runtime);
  const blob = takeSnapshot(architecture, base, script);
  const notices = ['LICENSE', 'THIRD-PARTY-NOTICES'].map((name) => ({
    path: name,
    mode: 0o644,
    data: readFileSync(path.resolve(import.meta.dirname, '..', name)),
  }));
  return { base, frontend: [...notices, { path: 'frontend.blob', mode: 0o644, data: blob }] };
}

async function main(options) {
  const script = await bundleForSnapshot();
  if (options.root) {
    const { base, frontend } = assemble(options.architectures[0], findRuntime(options.runtime ?? '/'), script);
    writeFiles(path.join(options.root, 'runtime'), base);
    writeFiles(path.join(options.root, 'frontend'), frontend);
    return;
  }
  const layout = createLayout(options.output);
  const manifests = await Promise.all(
    options.architectures.map(async (architecture) => {
      const runtime = fetchRuntime(architecture);
      const { base, frontend } = assemble(architecture, runtime, script);
      const layers = await Promise.all([
        layout.addLayer(createTar(base), options.compression),
        layout.addLayer(createTar(frontend), options.compression),
      ]);
      layers[0].comment = runtime.comment;
      layers[1].comment = 'tsfront';
      const size = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
      console.log(`linux/${architecture}: ${(size / 1e6).toFixed(1)} MB compressed (${options.compression})`);
      return layout.addImage({ os: 'linux', architecture }, config, layers, options.created);
    }),
  );
  const { digest } = layout.finish(manifests, options.push?.split(':').pop() ?? 'latest');
  console.log(`${digest} in ${options.output}`);
  if (options.push) console.log(`pushed ${options.push}@${await pushLayout(options.output, options.push)}`);
}

try {
  await main(readOptions());
} catch (error) {
  console.error(`image: ${process.env.DEBUG ? error.stack : error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
