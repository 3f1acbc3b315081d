// `npm run bench [-- NAME…]`: installs what is missing, builds and runs the benchmarks of bench/, or those that are named.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, root, run } from './install.mjs';

ensureInstalled();
run('node', ['scripts/build.mjs']);
const names = process.argv.slice(2);
const files = readdirSync(path.join(root, 'bench')).filter((file) => file.endsWith('.ts'));
for (const file of files) {
  if (names.length > 0 && !names.includes(file.replace(/\.ts$/, ''))) continue;
  console.log(`\n# ${file}\n`);
  run('node', [path.join('bench', file)]);
}
