/** `--frontend`. */
import { parseNormalizedNamed } from '../../image/reference.ts';
import { flagValue } from './flag-value.ts';

/** Checks `--frontend`. @throws UsageError if it is neither a name nor an image */
export function checkFrontendName(name: string | undefined): void {
  if (name === undefined || name === 'tsfront' || name === 'dockerfile.v0') return;
  flagValue('--frontend', name, parseNormalizedNamed);
}
