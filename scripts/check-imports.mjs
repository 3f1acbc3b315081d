// Holds the import directions of ARCHITECTURE.md: every directory of src/ lists the directories it may import from, and outside
// programs are started in src/system alone, which makes an environment for them and ends what they have started. The
// portable core asks its host (src/host) for all that a language has not.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

// each directory may import from those before it that its line names
const allowed = {
  gen: ['protobuf'],
  go: ['host'],
  host: ['system'], // Node's runs an xz program, which it loads only then
  protobuf: ['host', 'go'],
  text: ['go'],
  system: ['text', 'go'],
  diagnostic: ['text', 'go'],
  parser: ['diagnostic', 'text', 'go'],
  check: ['parser', 'diagnostic', 'text', 'go'],
  archive: ['host', 'text', 'go'],
  git: ['text', 'go'],
  image: ['host', 'text', 'go'],
  llb: ['git', 'image', 'gen', 'protobuf', 'host', 'text', 'go'],
  lower: ['llb', 'git', 'image', 'check', 'parser', 'diagnostic', 'gen', 'host', 'text', 'go'],
  http: ['system', 'text', 'go'],
  oci: ['image', 'system', 'text', 'go'],
  registry: ['http', 'image', 'system', 'text', 'go'],
  resolve: ['registry', 'oci', 'http', 'image', 'system', 'text', 'go'],
  rpc: ['gen', 'protobuf', 'text', 'go'],
  'build-program': ['llb'], // runs in the engine of build programs
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
  gateway: [...core, ...program, 'check', 'lower', 'rpc'],
  client: [...core, 'http', 'oci', 'registry', 'rpc', 'gateway'],
  offline: [...core, ...program, 'check', 'lower', 'http', 'oci', 'registry', 'resolve', 'gateway'],
});
allowed.cli = Object.keys(allowed);

const root = path.resolve(import.meta.dirname, '../src');
const files = readdirSync(root, { recursive: true }).filter((file) => file.endsWith('.ts'));
const problems = [];

/** The modules of src/ that a module imports. */
function importsOf(file, text) {
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+|#host)['"]/g);
  return [...specifiers].map(([, specifier]) =>
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
  for (const imported of importsOf(file, text)) {
    const target = imported.split(path.sep);
    if (!directory || target.length < 2 || target[0] === directory) continue;
    if (!allowed[directory]?.includes(target[0]))
      problems.push(`src/${file}: ${directory} must not import from ${target[0]}`);
  }
}

// the directories that ARCHITECTURE.md describes
const chapters = readFileSync(path.join(root, '../ARCHITECTURE.md'), 'utf8').split('\n## ');
const chapter = chapters.find((text) => text.startsWith('Directories')) ?? '';
const described = new Set([...chapter.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name));
for (const name of Object.keys(allowed))
  if (!described.has(name)) problems.push(`ARCHITECTURE.md: "Directories" has no row for ${name}`);
for (const name of described)
  if (!allowed[name]) problems.push(`ARCHITECTURE.md: "Directories" describes ${name}, which src does not have`);

// the portable core: the frontend and the LLB library, and all that they import
const reached = new Set(['gateway/run-for-daemon.ts', 'gateway/run-frontend.ts', 'llb/index.ts']);
const ofHosts = /['"]node:|\bBuffer[.(<]|\bprocess\.\w|\bsetImmediate\b|\bText(?:En|De)coder\b|\bIntl\.|\.toLocale\w/;
for (const file of reached) {
  const text = readFileSync(path.join(root, file), 'utf8');
  for (const imported of importsOf(file, text)) reached.add(imported);
  const [found] = ofHosts.exec(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')) ?? [];
  if (found) problems.push(`src/${file}: ${found} is not the language's: a module of the portable core asks its host`);
}

if (problems.length) {
  console.error(problems.join('\n'));
  process.exit(1);
}
