/** A frontend that builds nothing: it fails with the options that it was given. */
import { runOverStdio } from '../../src/gateway/stdio.ts';

void runOverStdio(async ({ options }) => {
  throw new Error(`told: ${JSON.stringify(options.opts)}`);
}).then((code) => process.exit(code));
