import type { BuildFlags } from '../../src/cli/options/declare-build.ts';

/** The flags of `tsfront build` where none is given. */
export const noBuildFlags: BuildFlags = {
  addHost: [],
  allow: [],
  annotation: [],
  attest: [],
  authHost: [],
  buildArg: [],
  buildArgFile: [],
  buildContext: [],
  builder: [],
  cache: true,
  cacheFrom: [],
  cacheTo: [],
  frontend: 'tsfront',
  label: [],
  output: [],
  platform: [],
  policy: [],
  progress: 'auto',
  resource: [],
  secret: [],
  ssh: [],
  tag: [],
  ulimit: [],
  uncached: [],
};
