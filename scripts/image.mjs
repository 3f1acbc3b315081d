// `npm run image`: makes the frontend image as an OCI layout, without an engine and reproducibly.
//
//   --output DIR             where the layout goes                                   (dist/image)
//   --platform P,…           linux/amd64 and linux/arm64                             (both)
//   --compression gzip|zstd  gzip is what every engine can pull; zstd is smaller     (gzip)
//   --push NAME              pushes the layout to a registry without credentials as well
//   --root DIR               writes the files of each platform's image to DIR/ARCHITECTURE instead: this is how the
//                            Dockerfile uses it
//
// SOURCE_DATE_EPOCH is when the image was created. Exit codes: 1 it cannot be made, 2 an option is wrong.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeBinaries } from './image/binaries.mjs';
import { checkLibraryNotices } from './image/library-notices.mjs';
import { compressions, createLayout } from './image/oci-layout.mjs';
import { pushLayout } from './image/push.mjs';
import { createTar } from './image/tar.ts';

const project = path.resolve(import.meta.dirname, '..');
/** @type {readonly string[]} */
const architectures = ['amd64', 'arm64'];

class UsageError extends Error {}

function readOptions() {
  let options;
  try {
    options = parseArgs({
      options: {
        output: { type: 'string', default: path.join(project, 'dist/image') },
        platform: { type: 'string', default: architectures.map((name) => `linux/${name}`).join() },
        compression: { type: 'string', default: 'gzip' },
        push: { type: 'string' },
        root: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
  const chosen = options.platform.split(',').map((platform) => {
    const [os, architecture = '', ...rest] = platform.split('/');
    if (os !== 'linux' || !architectures.includes(architecture) || rest.length > 0)
      throw new UsageError(`no image for ${platform}: there are linux/amd64 and linux/arm64`);
    return architecture;
  });
  if (!compressions.includes(options.compression))
    throw new UsageError(`no such compression: ${options.compression} (there are ${compressions.join(' and ')})`);
  const epoch = process.env.SOURCE_DATE_EPOCH || '0';
  if (!/^\d{1,11}$/.test(epoch)) throw new UsageError(`SOURCE_DATE_EPOCH is not a number of seconds: ${epoch}`);
  const created = new Date(Number(epoch) * 1000).toISOString().replace('.000', '');
  const compression = /** @type {import('./image/oci-layout.mjs').Compression} */ (options.compression);
  return { ...options, compression, architectures: [...new Set(chosen)], created };
}

/** The image config; the Dockerfile says the same, and BuildKit adds the path of an image that is made from nothing. */
const config = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Entrypoint: ['/frontend'],
  WorkingDir: '/',
  Labels: {
    'moby.buildkit.frontend.network.none': 'true',
    'moby.buildkit.frontend.caps':
      'moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd,tsfront.lock',
  },
};

/**
 * The image's files: the program, and the licences of what is in it.
 *
 * @param {string} binary
 */
function imageFiles(binary) {
  const notices = ['LICENSE', 'THIRD-PARTY-NOTICES'].map((name) => ({
    path: name,
    mode: 0o644,
    data: readFileSync(path.join(project, name)),
  }));
  return [{ path: 'frontend', mode: 0o755, data: readFileSync(binary) }, ...notices];
}

/**
 * @param {string} directory
 * @param {ReturnType<typeof imageFiles>} files
 */
function writeFiles(directory, files) {
  mkdirSync(directory, { recursive: true });
  for (const { path: name, mode, data } of files) writeFileSync(path.join(directory, name), data, { mode });
}

/**
 * @param {ReturnType<typeof readOptions>} options
 * @param {Record<string, string>} binaries
 */
async function writeLayout(options, binaries) {
  const layout = createLayout(options.output);
  const manifests = [];
  for (const architecture of options.architectures) {
    const layer = await layout.addLayer(createTar(imageFiles(binaries[architecture] ?? '')), options.compression);
    const size = (layer.descriptor.size / 1e6).toFixed(2);
    console.log(`linux/${architecture}: ${size} MB compressed (${options.compression})`);
    const platform = { os: 'linux', architecture };
    manifests.push(layout.addImage(platform, config, [{ ...layer, comment: 'tsfront' }], options.created));
  }
  const { digest } = layout.finish(manifests, options.push?.split(':').pop() ?? 'latest');
  console.log(`${digest} in ${options.output}`);
  if (options.push) console.log(`pushed ${options.push}@${await pushLayout(options.output, options.push)}`);
}

/** @param {ReturnType<typeof readOptions>} options */
async function main(options) {
  const directory = mkdtempSync(path.join(tmpdir(), 'tsfront-image-'));
  try {
    const binaries = await makeBinaries(options.architectures, directory);
    checkLibraryNotices();
    if (!options.root) await writeLayout(options, binaries);
    else
      for (const architecture of options.architectures)
        writeFiles(path.join(options.root, architecture), imageFiles(binaries[architecture] ?? ''));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await main(readOptions());
} catch (error) {
  const { message, stack } = /** @type {Error} */ (error);
  console.error(`image: ${process.env.DEBUG ? stack : message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
