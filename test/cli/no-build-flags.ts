import type { BuildFlags } from '../../src/cli/build/options.ts';

/** The flags of `tsfront build` where none is given. */
export const noBuildFlags: BuildFlags = {
  addHost: [],
  allow: [],
  annotation: [],
  attest: [],
  authHost: [],
  buildArg: [],
  buildContext: [],
  builder: [],
  cache: true,
  cacheFrom: [],
  cacheTo: [],
  frontend: 'tsfront',
  label: [],
  output: [],
  platform: [],
  progress: 'auto',
  secret: [],
  ssh: [],
  tag: [],
  ulimit: [],
  uncached: [],
};
