/** The licences of what the image takes from elsewhere than npm: Node, and Debian's libraries. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

const rule = '='.repeat(80);

/** Libraries of glibc; Debian calls the packages of others after the library and its version. */
const ofGlibc = /^(ld-linux.*|lib(c|m|dl|pthread|rt))\.so\.\d+$/;

/**
 * The text of the notices: Node's own, which has those of its parts, and the copyright files of the Debian packages that the
 * libraries are from, with the licences that these refer to. What is not in `root` is an error.
 */
export function runtimeNotices(root, nodeLicence, libraries) {
  const packages = [...new Set(libraries.map(debianPackage))].sort();
  const versions = debianVersions(root);
  const copyrights = new Map(); // two packages of one source share a file
  for (const name of packages) {
    const file = find(root, path.join('usr/share/doc', name, 'copyright'), name);
    copyrights.set(file, [...(copyrights.get(file) ?? []), name]);
  }
  const parts = [section('Node.js', readFileSync(nodeLicence, 'utf8'))];
  const licences = new Map();
  for (const [file, names] of copyrights) {
    const text = readFileSync(file, 'utf8');
    const from = names.map((name) => [name, versions.get(name)].filter(Boolean).join(' ')).join(', ');
    parts.push(section(`Debian: ${from}`, text));
    for (const [, name] of text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9.+-]*[A-Za-z0-9])/g)) {
      const licence = find(root, path.join('usr/share/common-licenses', name), name);
      licences.set(path.basename(licence), licence);
    }
  }
  for (const name of [...licences.keys()].sort())
    parts.push(section(`/usr/share/common-licenses/${name}`, readFileSync(licences.get(name), 'utf8')));
  return [
    'This image has Node.js and the Debian libraries that it needs, under the licences below. Their sources are at nodejs.org',
    'and, under the names and versions of the packages, at snapshot.debian.org. What is bundled into the frontend is in',
    'THIRD-PARTY-NOTICES.\n',
    ...parts,
  ].join('\n');
}

function debianPackage(library) {
  if (ofGlibc.test(library)) return 'libc6';
  const [, name, version] = /^(.*)\.so\.(\d+)$/.exec(library) ?? [];
  if (!name) throw new Error(`which Debian package is ${library} from? Teach scripts/image/runtime-notices.mjs.`);
  return name === 'libgcc_s' ? `libgcc-s${version}` : `${name}${version}`;
}

function debianVersions(root) {
  const status = path.join(root, 'var/lib/dpkg/status');
  if (!existsSync(status)) return new Map();
  return new Map(
    readFileSync(status, 'utf8')
      .split('\n\n')
      .map((entry) => [/^Package: (.*)$/m.exec(entry)?.[1], /^Version: (.*)$/m.exec(entry)?.[1]]),
  );
}

function find(root, file, what) {
  const target = path.join(root, file);
  if (!existsSync(target)) throw new Error(`the licence of ${what}, which is in the image, is not in ${root}: ${file}`);
  return realpathSync(target);
}

function section(title, text) {
  return [rule, title, rule, '', text.trim(), ''].join('\n');
}
