import { encoding } from './encoding.ts';
import type { Host } from './host.ts';
import { sha256 } from './sha256.ts';

/** The host in a browser. Its digests are computed in TypeScript, because those of the browser are asynchronous. */
export const host: Host = {
  ...encoding,
  architecture: 'amd64', // a browser does not say
  sha256,
  randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
  turn: () => new Promise((resolve) => setTimeout(resolve)),
  // biome-ignore lint/correctness/useYield: a browser has no build to unpack anything for
  async *unpack(format) {
    throw new Error(`a browser does not unpack ${format}`);
  },
  openProgramEngine() {
    throw new Error('a browser does not run build programs');
  },
};
