/** IP addresses as Go's net package reads and writes them. */

/**
 * `net.ParseIP`, written as `IP.String` does: the shortest form of IPv6, IPv4 for an address mapped into IPv6.
 * undefined if it is not an address; leading zeros in IPv4 and zones are not allowed.
 */
export function parseIP(text: string): string | undefined {
  if (!text.includes(':')) return parseIPv4(text)?.join('.');
  const groups = parseIPv6(text);
  if (!groups) return undefined;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  return formatIPv6(groups);
}

/** Whether `netip.ParseAddr` reads it as an IPv4 address. */
export function isIPv4(text: string): boolean {
  return parseIPv4(text) !== undefined;
}

/** Whether `netip.ParseAddr` reads it as an IPv6 address, with or without a zone. */
export function isIPv6(text: string): boolean {
  return parseIPv6(text.replace(/%.+$/s, '')) !== undefined;
}

function parseIPv4(text: string): number[] | undefined {
  const parts = text.split('.');
  const valid = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return valid ? parts.map(Number) : undefined;
}

/** The eight groups of an address. */
function parseIPv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half, at) => parseGroups(half, at === halves.length - 1));
  const [head, tail] = groups;
  if (!head || (halves.length === 2 && !tail)) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail!.length;
  return missing > 0 ? [...head, ...Array<number>(missing).fill(0), ...tail!] : undefined;
}

/** Groups between colons; the last two may be written as IPv4. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    const ipv4 = last && at === parts.length - 1 && part.includes('.') ? parseIPv4(part) : undefined;
    if (ipv4) groups.push((ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!);
    else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Hexadecimal groups with the longest run of zeros (two at least, the first of several) as `::`. */
function formatIPv6(groups: readonly number[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (best.length < 2) return hex(groups);
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`;
}
