/** As start.ts, for the commands that never ask a daemon: `scripts/bundles.mjs` makes one file of this. */
export { start } from './start.ts';
