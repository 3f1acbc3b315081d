#!/usr/bin/env node
import { unsupportedNode } from './system/node-version.ts';

// Older versions cannot even load the rest.
const problem = unsupportedNode();
if (problem) {
  process.stderr.write(`error: ${problem}\n`);
  process.exitCode = 1;
} else await import('./cli/start.ts');
