// Prints the section of CHANGELOG.md with a version, for the GitHub release: node scripts/release-notes.mjs 0.1.0.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const [version] = process.argv.slice(2);
const changelog = readFileSync(path.resolve(import.meta.dirname, '../CHANGELOG.md'), 'utf8');
const section = changelog.split(/^## /m).find((text) => text.split(/\s/, 1)[0] === version);
if (section === undefined) {
  console.error(`CHANGELOG.md has no section "## ${version}": write it, as CONTRIBUTING.md says`);
  process.exitCode = 1;
} else console.log(section.slice(section.indexOf('\n')).trim());
