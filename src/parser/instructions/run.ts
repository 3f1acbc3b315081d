/** RUN. */
import { quote } from '../../go/quote.ts';
import type { Device, RunInstruction, Word } from '../ast.ts';
import { parseDevice } from '../device.ts';
import { parseMount } from '../mount.ts';
import { readCommandLine } from './commands.ts';
import { readFlags } from './read-flags.ts';
import type { Request } from './request.ts';

const networks = ['default', 'none', 'host'] as const;
const securities = ['sandbox', 'insecure'] as const;

export function readRun(request: Request): RunInstruction | undefined {
  const flags = readFlags(request, {
    device: 'strings',
    mount: 'strings',
    network: 'string',
    security: 'string',
  });
  if (!flags) return undefined;

  const devices: Device[] = [];
  for (const word of flags.strings('device'))
    attempt(request, 'bad-device', word, () => devices.push(parseDevice(word.text)));

  const mounts = flags.strings('mount');
  const mountFroms: string[] = [];
  for (const word of mounts) attempt(request, 'bad-mount', word, () => mountFroms.push(parseMount(word).from));

  // An empty value is not the default.
  const networkName = request.base.flags.find(({ name }) => name === 'network')?.value ?? 'default';
  const network = networks.find((name) => name === networkName);
  if (!network)
    request.report({
      code: 'bad-network',
      message: `invalid network mode ${quote(networkName)}`,
      range: flags.strings('network')[0]!.range,
      hint: `It is one of ${networks.join(', ')}.`,
    });
  const securityName = request.base.flags.find(({ name }) => name === 'security')?.value ?? 'sandbox';
  const security = securities.find((name) => name === securityName);
  if (!security)
    request.report({
      code: 'bad-security',
      message: `security ${quote(securityName)} is not valid`,
      range: flags.strings('security')[0]!.range,
      hint: `It is one of ${securities.join(', ')}.`,
    });
  if (!network || !security) return undefined;
  return {
    kind: 'run',
    ...request.base,
    ...readCommandLine(request),
    heredocs: request.heredocs,
    mounts,
    mountFroms,
    network,
    security,
    devices,
  };
}

function attempt(request: Request, code: string, { range }: Word, read: () => void): void {
  try {
    read();
  } catch (error) {
    request.report({ code, message: (error as Error).message, range });
  }
}
