/** Numbers and lines as the displays write them. */
import { stripVTControlCharacters } from 'node:util';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `1.50MB`: decimal units, two digits. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(unit === 0 ? 0 : 2)}${UNITS[unit]}`;
}

/** ` 1.50MB / 3.00MB`, ` 1.50MB` or nothing. */
export function formatProgress(current: number, total: number): string {
  if (total !== 0) return ` ${formatBytes(current)} / ${formatBytes(total)}`;
  return current === 0 ? '' : ` ${formatBytes(current)}`;
}

/** What the daemon sends must not steer the terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\t', ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}

/** Width in terminal cells, near enough: East Asian wide characters and emoji count twice. */
export function cells(text: string): number {
  let width = 0;
  for (const char of text) width += isWide(char.codePointAt(0)!) ? 2 : 1;
  return width;
}

/** The start of a text that fits. */
export function cut(text: string, width: number): string {
  let used = 0;
  let result = '';
  for (const char of text) {
    used += isWide(char.codePointAt(0)!) ? 2 : 1;
    if (used > width) break;
    result += char;
  }
  return result;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}
