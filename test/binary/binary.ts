/** The frontend of the image as a program of this machine, which `npm run binary` has made. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
const file = path.resolve(import.meta.dirname, `../../dist/frontend-${architecture}`);

/**
 * Registers a describe block for the program. Where it is not, its tests are skipped with a message; in CI they fail.
 *
 * @param body is given the file
 */
export function onBinary(title: string, body: (file: string) => void): void {
  if (existsSync(file)) {
    describe(title, () => body(file));
    return;
  }
  const reason = `dist/frontend-${architecture} is missing: npm run binary -- ${architecture}`;
  if (process.env['CI'] === 'true') {
    test(title, () => expect.fail(reason));
  } else {
    console.warn(`\n*** SKIPPED ${title}: ${reason}\n`);
    test.skip(`${title}: ${reason}`, () => {});
  }
}
