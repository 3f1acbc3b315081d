/**
 * Debian's gcc and musl in a private root. Its programs run with that root as theirs: the paths that they see, and the
 * bytes that they make, are the same on every machine.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { cache, machine, unpackPackages } from './packages.mjs';

/**
 * @typedef {import('./packages.mjs').Architecture} Architecture
 * @typedef {ReturnType<typeof openToolchain>} Toolchain
 */

/** What GNU calls the architectures. */
const cpus = { amd64: 'x86_64', arm64: 'aarch64' };
/** @param {Architecture} architecture */
const triple = (architecture) => `${cpus[architecture]}-linux-gnu`;
/** @param {Architecture} architecture */
const gccDirectory = (architecture) =>
  `/usr/lib/gcc${architecture === machine ? '' : '-cross'}/${triple(architecture)}/14`;
/** @param {Architecture} architecture */
const muslDirectory = (architecture) => `/libraries-${architecture}/usr/lib/${cpus[architecture]}-linux-musl`;

/** The sources of quickjs-ng in the root. */
const quickjs = '/quickjs/usr/src/quickjs-ng';
const quickjsFiles = ['quickjs', 'libregexp', 'libunicode', 'dtoa'].map((name) => `${quickjs}/${name}.c`);

const flags = [
  ...['-std=gnu11', '-D_GNU_SOURCE', '-DNDEBUG', '-O2', '-fPIE', '-ffunction-sections', '-fdata-sections'],
  ...['-fstack-protector-strong', '-fstack-clash-protection'],
];
/** @type {Readonly<Record<Architecture, readonly string[]>>} */
const flagsOf = { amd64: [], arm64: ['-mbranch-protection=pac-ret'] };

/** Opens the toolchain, and fetches it if the cache does not have it. */
export function openToolchain() {
  const root = unpackPackages('tools', 'tools');
  for (const architecture of Object.keys(cpus))
    unpackPackages('libraries', `tools/libraries-${architecture}`, /** @type {Architecture} */ (architecture));
  unpackPackages('quickjs', 'tools/quickjs');
  const directory = mkdtempSync(path.join(root, 'build-'));
  return {
    root,
    directory,
    inside: `/${path.basename(directory)}`,
    close: () => rmSync(directory, { recursive: true }),
  };
}

/**
 * Runs a program of the root; returns what it prints.
 *
 * @param {Pick<Toolchain, 'root'>} options
 * @param {string} program
 * @param {...string} args
 */
export function runInside({ root }, program, ...args) {
  const enter = process.getuid?.() === 0 ? ['chroot'] : ['unshare', '--map-root-user', 'chroot'];
  const [command = '', ...rest] = [...enter, root, program, ...args];
  const { status, stdout } = spawnSync(command, rest, {
    env: { PATH: '/usr/bin:/usr/sbin:/sbin:/bin', LC_ALL: 'C', SOURCE_DATE_EPOCH: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${path.basename(program)} failed`);
  return stdout;
}

/**
 * What a program of binutils for this machine's programs prints.
 *
 * @param {Toolchain} tools
 * @param {string} program
 * @param {...string} args
 */
export function readInside(tools, program, ...args) {
  return runInside(tools, `/usr/bin/${triple(machine)}-${program}`, ...args);
}

/**
 * @param {Toolchain} tools
 * @param {Architecture} architecture
 * @param {...string} args
 */
const gcc = (tools, architecture, ...args) =>
  runInside(tools, `/usr/bin/${triple(architecture)}-gcc-14`, ...args, `-ffile-prefix-map=${tools.inside}=.`);

/**
 * Compiles the engine and the C files of a directory. Objects of the engine are kept in the cache.
 *
 * @param {string} host the directory of the C files
 * @param {readonly string[]} names of the C files in it
 * @param {...string} definitions `-DNAME` for these files
 * @returns paths of the objects in the root
 * @param {Toolchain} tools
 * @param {Architecture} architecture
 */
export function compileAll(tools, architecture, host, names, ...definitions) {
  const sources = path.join(tools.directory, 'host');
  mkdirSync(sources, { recursive: true });
  const files = readdirSync(host).filter((name) => /\.[ch]$/.test(name));
  for (const name of files) copyFileSync(path.join(host, name), path.join(sources, name));
  const all = [
    ...flags,
    ...flagsOf[architecture],
    ...['-nostdinc', '-isystem', `/libraries-${architecture}/usr/include/${cpus[architecture]}-linux-musl`],
    ...['-isystem', `${gccDirectory(architecture)}/include`, '-idirafter', `/libraries-${architecture}/usr/include`],
    ...['-isystem', quickjs, '-include', `${tools.inside}/host/fortify.h`],
  ];
  /**
   * @param {string} file
   * @param {string} object
   * @param {...string} more
   */
  const compile = (file, object, ...more) => gcc(tools, architecture, ...all, ...more, '-c', file, '-o', object);

  const objects = names.map((name) => {
    const object = `${tools.inside}/${name}-${architecture}${definitions.join('')}.o`;
    compile(
      `${tools.inside}/host/${name}`,
      object,
      ...definitions,
      '-Wall',
      '-Wextra',
      '-Wno-unused-parameter',
      '-Wno-sign-compare',
    );
    return object;
  });
  const fortify = readFileSync(path.join(host, 'fortify.h'));
  for (const file of quickjsFiles) {
    const hash = createHash('sha256')
      .update(readFileSync(path.join(tools.root, file)))
      .update(fortify);
    const key = hash
      .update(JSON.stringify(all.slice(0, -1)))
      .digest('hex')
      .slice(0, 16);
    const name = `${path.basename(file)}-${architecture}-${key}.o`;
    const kept = path.join(cache, 'objects', name);
    const object = path.join(tools.directory, name);
    if (!existsSync(kept)) {
      compile(file, `${tools.inside}/${name}`);
      mkdirSync(path.dirname(kept), { recursive: true });
      copyFileSync(object, `${kept}.${process.pid}`);
      renameSync(`${kept}.${process.pid}`, kept);
    } else {
      copyFileSync(kept, object);
    }
    objects.push(`${tools.inside}/${name}`);
  }
  return objects;
}

/**
 * Compiles an assembler file of the build's directory.
 *
 * @param {Toolchain} tools
 * @param {Architecture} architecture
 * @param {string} name
 */
export function assemble(tools, architecture, name) {
  const object = `${tools.inside}/${name}-${architecture}.o`;
  gcc(tools, architecture, '-c', `${tools.inside}/${name}`, '-o', object);
  return object;
}

/**
 * Lets other objects refer to names that are private to these.
 *
 * @param {Toolchain} tools
 * @param {Architecture} architecture
 * @param {readonly string[]} objects
 * @param {readonly string[]} names
 */
export function publish(tools, architecture, objects, names) {
  writeFileSync(path.join(tools.directory, 'names'), names.map((name) => `${name}\n`).join(''));
  for (const object of objects)
    runInside(tools, `/usr/bin/${triple(architecture)}-objcopy`, `--globalize-symbols=${tools.inside}/names`, object);
}

/**
 * Links objects of the root to a static program: position-independent, nothing writable that need not be, no symbols.
 *
 * @param {Toolchain} tools
 * @param {Architecture} architecture
 * @param {readonly string[]} objects
 * @param {string} output
 */
export function link(tools, architecture, objects, output) {
  const start = [`${muslDirectory(architecture)}/rcrt1.o`, `${gccDirectory(architecture)}/crtbeginS.o`];
  const hardening = ['-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,-z,pack-relative-relocs', '-s'];
  linkStatic(tools, architecture, ['-static-pie', ...hardening, ...start, ...objects], 'crtendS.o', output);
  return path.join(tools.directory, output);
}

/**
 * Links objects of the root to a static program for a fixed address, with its symbols. Returns its path in the root.
 *
 * @param {Toolchain} tools
 * @param {bigint} address
 * @param {readonly string[]} objects
 * @param {string} output
 */
export function linkAt(tools, address, objects, output) {
  const start = [`${muslDirectory(machine)}/crt1.o`, `${gccDirectory(machine)}/crtbeginT.o`];
  const options = ['-static', '-no-pie', `-Wl,-Ttext-segment=0x${address.toString(16)}`];
  linkStatic(tools, machine, [...options, ...start, ...objects], 'crtend.o', output);
  return `${tools.inside}/${output}`;
}

/**
 * @param {Toolchain} tools
 * @param {Architecture} architecture
 * @param {readonly string[]} first
 * @param {string} end
 * @param {string} output
 */
function linkStatic(tools, architecture, first, end, output) {
  const musl = muslDirectory(architecture);
  const libraries = `/libraries-${architecture}/usr/lib/${triple(architecture)}`;
  gcc(
    tools,
    architecture,
    ...['-nostdlib', '-Wl,--gc-sections', '-Wl,--build-id=none', '-o', `${tools.inside}/${output}`],
    // Debian's gcc for arm64 knows glibc's name of it.
    ...(architecture === 'arm64' ? ['-Wl,-u,getauxval,--defsym=__getauxval=getauxval'] : []),
    ...[`${musl}/crti.o`, ...first],
    ...[`${libraries}/libz.a`, `${libraries}/libzstd.a`, `${musl}/libc.a`, `${gccDirectory(architecture)}/libgcc.a`],
    ...[`${gccDirectory(architecture)}/${end}`, `${musl}/crtn.o`],
  );
}

/**
 * Compiles and links everything with the gcc of this machine, which has AddressSanitizer and UBSan: a slow program that
 * ends with a report when the engine or the host misuses memory. It takes the script as its argument.
 *
 * @param {Toolchain} tools
 * @param {string} host
 * @param {readonly string[]} names
 * @param {string} output
 */
export function buildSanitized(tools, host, names, output) {
  const libraries = path.join(tools.root, `libraries-${machine}/usr`);
  const { status } = spawnSync(
    'gcc',
    [
      ...['-std=gnu11', '-D_GNU_SOURCE', '-DPREPARE', '-O1', '-g', '-w', '-fno-omit-frame-pointer'],
      ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
      ...['-isystem', path.join(tools.root, quickjs), '-idirafter', path.join(libraries, 'include')],
      ...names.map((name) => path.join(host, name)),
      ...quickjsFiles.map((file) => path.join(tools.root, file)),
      ...['libz.a', 'libzstd.a'].map((name) => path.join(libraries, 'lib', triple(machine), name)),
      ...['-lm', '-o', output],
    ],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error('gcc failed');
}
