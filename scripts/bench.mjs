// `npm run bench [-- NAME… --compare|--save]`: installs what is missing, builds and runs the benchmarks of bench/, or
// those that are named. `--compare` compares with the results in bench/results, `--save` writes them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, root, run } from './install.mjs';

ensureInstalled();
run('node', ['scripts/build.mjs']);
const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith('--'));
const names = args.filter((arg) => !arg.startsWith('--'));
const files = readdirSync(path.join(root, 'bench')).filter((file) => file.endsWith('.ts') && file !== 'results.ts');
for (const file of files) {
  if (names.length > 0 && !names.includes(file.replace(/\.ts$/, ''))) continue;
  console.log(`\n# ${file}\n`);
  const keeps = readFileSync(path.join(root, 'bench', file), 'utf8').includes('keepResults');
  run('node', [path.join('bench', file), ...(keeps ? options : [])]);
}
