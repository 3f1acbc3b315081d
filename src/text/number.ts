/** Numbers for people. */

/** Writes an integer with commas between groups of three digits: `1,048,576`. */
export function formatInteger(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number of things whose plural ends with `s`: `1 file`, `1,024 files`. */
export function count(n: number, what: string): string {
  return `${formatInteger(n)} ${what}${n === 1 ? '' : 's'}`;
}

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
