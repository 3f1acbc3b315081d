// `npm run demo`: installs what is missing and compiles the multi-stage Dockerfile of examples/web offline,
// once as a tree for people, once as LLB JSON. Needs neither a daemon nor, after the installation, the network.
import { ensureInstalled, run } from './install.mjs';

ensureInstalled();
run('node', ['scripts/build.mjs']);
const compile = ['dist/cli.js', 'compile', 'examples/web', '--images', 'examples/web/images.json', '--offline'];
console.log('\n# tsfront compile examples/web --images examples/web/images.json --offline --format tree\n');
run('node', [...compile, '--format', 'tree']);
console.log('\n# tsfront compile examples/web --images examples/web/images.json --offline --format json\n');
run('node', [...compile, '--format', 'json']);
