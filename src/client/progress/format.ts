/** Numbers as the displays write them. */

const unitNames = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `1.50MB`: decimal units, two digits. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < unitNames.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(unit === 0 ? 0 : 2)}${unitNames[unit]}`;
}

/** ` 1.50MB / 3.00MB`, ` 1.50MB` or nothing. */
export function formatProgress(current: number, total: number): string {
  if (total !== 0) return ` ${formatBytes(current)} / ${formatBytes(total)}`;
  return current === 0 ? '' : ` ${formatBytes(current)}`;
}
