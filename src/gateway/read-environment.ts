/** Reads what BuildKit puts into the environment of a frontend. */
import { decodeJson, field, goList, goString, goStruct } from '../go/json-decode.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import type { Platform } from '../image/platform.ts';
import type { BridgeOptions } from './bridge.ts';
import type { GatewayEnvironment } from './grpc-bridge.ts';

const optionPrefix = 'BUILDKIT_FRONTEND_OPT_';

/** Reads what BuildKit puts into the environment of a frontend. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): GatewayEnvironment {
  const opts: Record<string, string> = Object.create(null);
  for (const [variable, pair = ''] of Object.entries(env)) {
    if (!variable.startsWith(optionPrefix)) continue;
    const [name, value = ''] = splitAtFirst(pair, '=');
    opts[name] = value;
  }
  return {
    opts,
    sessionId: env['BUILDKIT_SESSION_ID'] ?? '',
    product: env['BUILDKIT_EXPORTEDPRODUCT'] ?? '',
    workers: readWorkers(env['BUILDKIT_WORKERS'] ?? ''),
  };
}

const platformType = goStruct<Platform>('v1.Platform', {
  architecture: field('architecture', goString()),
  os: field('os', goString()),
  osVersion: field('os.version', goString()),
  osFeatures: field('os.features', goList(goString())),
  variant: field('variant', goString()),
});
const workersType = goList(
  goStruct<{ id: string; platforms: Platform[] }>('client.WorkerInfo', {
    id: field('ID', goString()),
    platforms: field('Platforms', goList(platformType)),
  }),
);

/** Invalid information about workers is ignored. */
function readWorkers(json: string): BridgeOptions['workers'] {
  try {
    return decodeJson(json, workersType);
  } catch {
    return [];
  }
}
