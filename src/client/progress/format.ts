/** Progress as the displays write it. */
import { formatBytes } from '../../text/number.ts';

/** ` 1.50MB / 3.00MB`, ` 1.50MB` or nothing. */
export function formatProgress(current: number, total: number): string {
  if (total !== 0) return ` ${formatBytes(current)} / ${formatBytes(total)}`;
  return current === 0 ? '' : ` ${formatBytes(current)}`;
}
