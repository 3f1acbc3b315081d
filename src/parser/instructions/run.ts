/** RUN. */
import type { ErrorCode } from '../../diagnostic/codes.ts';
import { findFacts } from '../../diagnostic/facts.ts';
import { quote } from '../../go/quote.ts';
import type { Device, RunInstruction, Word } from '../ast.ts';
import { parseDevice } from '../device-flag.ts';
import { parseMount } from '../mount-flag.ts';
import { readCommandLine } from './commands.ts';
import type { InstructionInput } from './instruction-input.ts';
import { flagReader } from './read-flags.ts';

/** The values of `--network`. */
export const networks = ['default', 'none', 'host'] as const;
/** The values of `--security`. */
export const securities = ['sandbox', 'insecure'] as const;

interface RunFlags {
  readonly device: readonly Word[];
  readonly mount: readonly Word[];
  readonly network: Word | undefined;
  readonly security: Word | undefined;
}

/** Reads the flags of RUN. */
export const readRunFlags = flagReader<RunFlags>({
  device: 'words',
  mount: 'words',
  network: 'word',
  security: 'word',
});

/** Reads RUN. */
export function readRun(input: InstructionInput): RunInstruction | undefined {
  const flags = readRunFlags(input);
  if (!flags) return undefined;

  const devices: Device[] = [];
  for (const word of flags.device) attempt(input, 'bad-device', word, () => devices.push(parseDevice(word.text)));

  const mounts = flags.mount;
  const mountFroms: string[] = [];
  for (const word of mounts) attempt(input, 'bad-mount', word, () => mountFroms.push(parseMount(word).from));

  // An empty value is not the default.
  const networkName = flags.network?.text ?? 'default';
  const network = networks.find((name) => name === networkName);
  if (!network)
    input.report({
      code: 'bad-network',
      message: `invalid network mode ${quote(networkName)}`,
      range: flags.network!.range,
      hint: `It is one of ${networks.join(', ')}.`,
    });
  const securityName = flags.security?.text ?? 'sandbox';
  const security = securities.find((name) => name === securityName);
  if (!security)
    input.report({
      code: 'bad-security',
      message: `security ${quote(securityName)} is not valid`,
      range: flags.security!.range,
      hint: `It is one of ${securities.join(', ')}.`,
    });
  if (!network || !security) return undefined;
  return {
    kind: 'run',
    ...input.base,
    ...readCommandLine(input),
    heredocs: input.heredocs,
    mounts,
    mountFroms,
    network,
    security,
    devices,
  };
}

function attempt(input: InstructionInput, code: ErrorCode, { range }: Word, read: () => void): void {
  try {
    read();
  } catch (error) {
    input.report({ code, message: (error as Error).message, range, facts: findFacts(error) });
  }
}
