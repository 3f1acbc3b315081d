/** The frontend of the image as a program, which `npm run binary` has made. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { machine } from '../../scripts/engine/packages.mjs';

/** The program of this machine's architecture; it may be missing. */
export const binaryFile = path.resolve(import.meta.dirname, `../../dist/frontend-${machine}`);

/**
 * Registers a describe block for the program of an architecture, this machine's by default. Where it is not, its tests
 * are skipped with a message; in CI they fail, unless the environment says IMAGE_PROGRAM=none.
 *
 * @param body is given the file
 */
export function onBinary(title: string, body: (file: string) => void, architecture: string = machine): void {
  const file = path.resolve(import.meta.dirname, `../../dist/frontend-${architecture}`);
  if (process.env['IMAGE_PROGRAM'] === 'none') test.skip(`${title}: IMAGE_PROGRAM is none`, () => {});
  else if (existsSync(file)) describe(title, () => body(file));
  else skipAloud(title, `dist/frontend-${architecture} is missing: npm run binary -- ${architecture}`);
}

/** Registers a test that is skipped with a message, and fails in CI. */
export function skipAloud(title: string, reason: string): void {
  if (process.env['CI'] === 'true') {
    test(title, () => expect.fail(reason));
  } else {
    console.warn(`\n*** SKIPPED ${title}: ${reason}\n`);
    test.skip(`${title}: ${reason}`, () => {});
  }
}
