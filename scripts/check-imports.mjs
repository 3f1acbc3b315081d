// Holds the import directions of ARCHITECTURE.md: every folder of src/ lists the folders it may import from, and outside
// programs are started in src/system alone, which makes an environment for them and ends what they have started.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const allowed = {
  gen: [],
  go: [],
  text: ['go'],
  system: ['text', 'go'],
  parser: ['text', 'go'],
  check: ['parser', 'text', 'go'],
  image: ['parser', 'system', 'text', 'go'],
  llb: ['image', 'gen', 'text', 'go'],
  lower: ['parser', 'check', 'image', 'llb', 'gen', 'text', 'go'],
  rpc: ['gen', 'text', 'go'],
  gateway: ['lower', 'llb', 'image', 'check', 'parser', 'rpc', 'gen', 'system', 'text', 'go'],
  client: ['gateway', 'llb', 'image', 'parser', 'rpc', 'gen', 'system', 'text', 'go'],
  offline: ['gateway', 'lower', 'llb', 'image', 'check', 'parser', 'gen', 'system', 'text', 'go'],
  cli: [
    'offline',
    'client',
    'gateway',
    'lower',
    'llb',
    'image',
    'check',
    'parser',
    'rpc',
    'gen',
    'system',
    'text',
    'go',
  ],
};

const root = path.resolve(import.meta.dirname, '../src');
const files = readdirSync(root, { recursive: true }).filter((file) => file.endsWith('.ts'));
const problems = [];
for (const file of files) {
  const folder = file.split(path.sep).length > 1 ? file.split(path.sep)[0] : undefined;
  if (folder && !allowed[folder]) problems.push(`src/${folder}: unknown folder, add it to scripts/check-imports.mjs`);
  const text = readFileSync(path.join(root, file), 'utf8');
  if (folder !== 'system' && /['"`](?:node:)?child_process['"`]/.test(text))
    problems.push(`src/${file}: programs are started by src/system/program.ts`);
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    const target = path.relative(root, path.resolve(root, path.dirname(file), specifier)).split(path.sep);
    if (!folder || target.length < 2 || target[0] === folder) continue;
    if (!allowed[folder]?.includes(target[0]))
      problems.push(`src/${file}: ${folder} must not import from ${target[0]}`);
  }
}
if (problems.length) {
  console.error(problems.join('\n'));
  process.exit(1);
}
