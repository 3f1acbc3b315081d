/** Times for people. */

/** `3 minutes ago` */
export function timeSince(date: Date | undefined, now = Date.now()): string {
  if (!date) return '';
  let value = Math.max(0, (now - date.getTime()) / 1000);
  for (const [unit, size] of [
    ['second', 60],
    ['minute', 60],
    ['hour', 24],
    ['day', Number.POSITIVE_INFINITY],
  ] as const) {
    if (value < size) return `${Math.floor(value)} ${unit}${Math.floor(value) === 1 ? '' : 's'} ago`;
    value /= size;
  }
  return '';
}
