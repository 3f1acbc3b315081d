#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { processIo } from './cli/io.ts';
import { main } from './cli/main.ts';

const args = process.argv.slice(2);
// package.json is one folder up from here, and from dist/cli.js as well.
const version = () => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version as string;
if (args[0] === '--version' || args[0] === '-V') console.log(version());
else process.exitCode = await main(args, processIo());
