// Holds the import directions of ARCHITECTURE.md: every directory of src/ lists the directories it may import from, and
// outside programs are started in src/system alone, which makes an environment for them and ends what they have
// started. Members of classes are `private` in one style.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

// The directories in order: each may import from those above it that its line names.
/** @type {Record<string, readonly string[]>} */
const allowed = {
  host: [],
  go: ['host'],
  text: ['go'],
  system: ['text', 'go'],
  protobuf: ['host', 'go'],
  gen: ['protobuf'],
  diagnostic: ['text', 'go'],
  parser: ['diagnostic', 'text', 'go'],
  'buildkit-rules': ['parser', 'diagnostic', 'text', 'go'],
  format: ['parser', 'diagnostic', 'text', 'go'],
  lint: ['buildkit-rules', 'parser', 'diagnostic', 'text', 'go'],
  tree: ['parser', 'system', 'text', 'go'],
  archive: ['host', 'text', 'go'],
  git: ['text', 'go'],
  image: ['host', 'text', 'go'],
  llb: ['git', 'image', 'gen', 'protobuf', 'host', 'text', 'go'],
  graph: ['llb', 'image', 'gen', 'text', 'go'],
  lock: ['image', 'diagnostic', 'text', 'go'],
  lower: ['llb', 'lock', 'git', 'image', 'buildkit-rules', 'parser', 'diagnostic', 'gen', 'host', 'text', 'go'],
  http: ['system', 'text', 'go'],
  oci: ['image', 'system', 'text', 'go'],
  registry: ['http', 'image', 'system', 'text', 'go'],
  resolve: ['registry', 'oci', 'http', 'image', 'system', 'text', 'go'],
  rpc: ['gen', 'protobuf', 'text', 'go'],
  'build-program': ['llb', 'go'], // runs in the engine of build programs
  program: ['build-program', 'parser', 'diagnostic', 'text', 'go'],
};
const core = [
  'gen',
  'host',
  'protobuf',
  'go',
  'text',
  'system',
  'diagnostic',
  'parser',
  'archive',
  'git',
  'image',
  'llb',
];
const program = ['build-program', 'program'];
Object.assign(allowed, {
  gateway: [...core, ...program, 'buildkit-rules', 'lock', 'lower', 'rpc'],
  client: [...core, 'tree', 'http', 'oci', 'registry', 'rpc', 'gateway'],
  daemonless: [
    ...core,
    ...program,
    'buildkit-rules',
    'lint',
    'lock',
    'lower',
    'http',
    'oci',
    'registry',
    'resolve',
    'gateway',
  ],
  context: [...core, 'tree', 'lower', 'daemonless'],
  explain: [...core, 'tree', 'lower', 'gateway', 'daemonless', 'context'],
});
allowed['lsp'] = Object.keys(allowed).filter((name) => name !== 'client');
allowed['cli'] = Object.keys(allowed);

/**
 * What single modules import against the order. Node has no xz, so its host runs a program, by modules that are loaded
 * only then; they stand on `text`, and so on the host. A host that got them from outside would need somebody who hands
 * them over in each of our programs and libraries.
 *
 * @type {Record<string, readonly string[]>}
 */
const exceptions = { 'host/node.ts': ['system/subprocess.ts', 'system/subprocess-environment.ts'] };

const root = path.resolve(import.meta.dirname, '../src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const problems = [];

const order = Object.keys(allowed);
for (const [at, name] of order.entries())
  for (const target of allowed[name] ?? [])
    if (!order.slice(0, at).includes(target))
      problems.push(`scripts/check-imports.mjs: ${name} may import from ${target}, which is not above it`);

/**
 * The modules of src/ that a module imports.
 *
 * @param {string} file
 * @param {string} text
 */
function importsOf(file, text) {
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+|#host)['"]/g);
  return [...specifiers].map(([, specifier = '']) =>
    specifier === '#host' ? path.join('host', 'host.ts') : path.join(path.dirname(file), specifier),
  );
}

for (const file of files) {
  const directory = file.split(path.sep).length > 1 ? file.split(path.sep)[0] : undefined;
  if (directory && !allowed[directory])
    problems.push(`src/${directory}: unknown directory, add it to scripts/check-imports.mjs`);
  const text = readFileSync(path.join(root, file), 'utf8');
  if (directory !== 'system' && /['"`](?:node:)?child_process['"`]/.test(text))
    problems.push(`src/${file}: other programs are started by src/system/subprocess.ts`);
  // The objects of build programs hide their state from the program, which types cannot do.
  if (directory !== 'build-program' && /^\s+(?:static |readonly |async )*#[a-z]/im.test(text))
    problems.push(`src/${file}: members are \`private\`, not #private`);
  for (const imported of importsOf(file, text)) {
    const target = imported.split(path.sep);
    if (!directory || target.length < 2 || target[0] === directory) continue;
    if (exceptions[file.replaceAll(path.sep, '/')]?.includes(imported.replaceAll(path.sep, '/'))) continue;
    if (!allowed[directory]?.includes(target[0] ?? ''))
      problems.push(`src/${file}: ${directory} must not import from ${target[0]}`);
  }
}

// The directories that ARCHITECTURE.md describes.
const chapters = readFileSync(path.join(root, '../ARCHITECTURE.md'), 'utf8').split('\n## ');
const chapter = chapters.find((text) => text.startsWith('Directories')) ?? '';
const described = new Set([...chapter.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name = '']) => name));
for (const name of Object.keys(allowed))
  if (!described.has(name)) problems.push(`ARCHITECTURE.md: "Directories" has no row for ${name}`);
for (const name of described)
  if (!allowed[name]) problems.push(`ARCHITECTURE.md: "Directories" describes ${name}, which src does not have`);

// The portable core asks its host: tsconfig.core.json holds that it uses no global of Node and no `node:` module. This
// is what the types of the language know, and the engine of the frontend image has not; and the console that
// src/build-program declares.
const portable = JSON.parse(readFileSync(path.join(root, '../tsconfig.core.json'), 'utf8').replace(/^ *\/\/.*$/m, ''));
const [, hosts = ''] = /\nThe portable core is ([\s\S]*?)\. Modules/.exec(chapters.join('\n## ')) ?? [];
for (const directory of portable.include)
  if (!directory.endsWith('.ts') && !hosts.includes(`\`${path.basename(directory)}\``))
    problems.push(`ARCHITECTURE.md: "The hosts" does not name ${directory}, which tsconfig.core.json includes`);
/** @param {string} file */
const isPortable = (file) =>
  portable.include.some((/** @type {string} */ directory) => path.join('src', file).startsWith(directory + path.sep)) &&
  !portable.exclude.includes(path.join('src', file));
for (const file of files.filter(isPortable)) {
  const text = readFileSync(path.join(root, file), 'utf8').replace(/^ *(?:\/\*\*?|\*|\/\/).*$/gm, '');
  const [found] = /\bIntl\b|\.(?:toLocale\w+|localeCompare)\b/.exec(text) ?? [];
  if (found) problems.push(`src/${file}: ${found}: the engine of the frontend image has no locales`);
  if (!file.startsWith('build-program') && /^\s*console\./m.test(text))
    problems.push(`src/${file}: console: only build programs have one`);
}

if (problems.length) {
  console.error(problems.join('\n'));
  process.exit(1);
}
