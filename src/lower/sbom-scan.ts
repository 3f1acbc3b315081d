/**
 * Decides which stages a scan for packages (SBOM) covers besides the result, and whether it covers the main context.
 */
import { parseBool } from '../go/strconv.ts';
import type { GlobalArgs } from './args.ts';
import type { StageState } from './stage-state.ts';

const scanContext = 'BUILDKIT_SBOM_SCAN_CONTEXT';
const scanStage = 'BUILDKIT_SBOM_SCAN_STAGE';

/** The arguments that control the scan; they are not variables of a stage. */
export const scanArguments: ReadonlySet<string> = new Set([scanContext, scanStage]);

/** Sets what is scanned of a dispatched stage; its arguments win over the global ones. */
export function setScans({ origin, result, scans }: StageState, globals: GlobalArgs): void {
  const isOn = (name: string) => isOnFor(origin.steps.stageName, result.scanArgs.get(name) ?? globals.env.get(name));
  if (isOn(scanContext)) scans.context = true;
  if (isOn(scanStage)) scans.stage = true;
}

/** The value is a boolean for all stages or a list of stage names. */
function isOnFor(stage: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  try {
    return parseBool(value);
  } catch {
    return value.split(',').includes(stage);
  }
}
