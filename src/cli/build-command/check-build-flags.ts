/** Checks the flags of `tsfront build` as far as this is possible without a daemon. */
import type { Io } from '../io.ts';
import { entitlements } from '../options/allow.ts';
import { authHosts } from '../options/auth-host.ts';
import { parseCaches } from '../options/caches.ts';
import { requireSsh } from '../options/check-ssh.ts';
import { requireAddress } from '../options/daemon-address.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { frontendAttrs } from '../options/frontend-attrs.ts';
import { checkFrontendName } from '../options/frontend-name.ts';
import { progressMode } from '../options/progress-mode.ts';
import { parseSecrets } from '../options/secrets.ts';
import { requireWritable } from '../output.ts';
import type { BuildInputs } from './build-inputs.ts';
import { requireImageId } from './image-id.ts';
import { parseBuilders } from './nodes.ts';
import { requirePlaces } from './output-places.ts';
import { requireOutputs } from './outputs.ts';
import { outputFlags } from './solve-options.ts';

/** Stands for the address of the daemon's host, which only the daemon knows. */
const unknownHostGateway = '0.0.0.0';

/** Checks all flags but those of outputs. @throws UsageError */
export async function checkBuildFlags(flags: BuildFlags, context: string, env: Io['env']): Promise<void> {
  progressMode(flags, env);
  for (const { address } of parseBuilders(flags.builder)) requireAddress('--builder', address);
  frontendAttrs(flags, env, unknownHostGateway);
  entitlements(flags);
  authHosts(flags.authHost);
  checkFrontendName(flags.frontend);
  parseCaches('--cache-from', flags.cacheFrom, flags.allowUnknown);
  parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown);
  parseSecrets(flags.secret, env);
  await requireSsh(flags.ssh, context);
  if (flags.iidfile) requireWritable('--iidfile', flags.iidfile);
  if (flags.metadataFile) requireWritable('--metadata-file', flags.metadataFile);
}

/** Checks the flags of outputs. @throws UsageError */
export function checkOutputFlags(flags: BuildFlags, inputs: BuildInputs): void {
  const outputs = requireOutputs(outputFlags(flags, inputs));
  requireImageId(flags, outputs);
  requirePlaces(outputs, parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown), flags);
}
