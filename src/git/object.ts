/** Reads the time of git's commit objects. */
import { parseInteger } from '../go/strconv.ts';
import { decodeText } from '../go/text.ts';
import type { Timestamp } from '../go/time.ts';
import { splitFields, trimSpace } from '../go/unicode.ts';

/**
 * When a commit was made (its committer's time, with the offset); undefined if that line is malformed.
 * @throws Error `invalid commit object: missing tree header` and the like, `not a commit object` for a tag
 */
export function parseCommitTime(object: Uint8Array): Timestamp | undefined {
  const text = decodeText(object);
  const isTag = text.startsWith('object ');
  const headers = parseHeaders(text);
  const required = isTag ? ['object', 'type', 'tag', 'tagger'] : ['tree', 'author', 'committer'];
  for (const name of required)
    if (!headers.has(name)) throw new Error(`invalid ${isTag ? 'tag' : 'commit'} object: missing ${name} header`);
  if (isTag) throw new Error('not a commit object');
  return actorTime(headers.get('committer')!);
}

/** The first value of each header, without the signatures, which have several lines. */
function parseHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  let inSignature = false;
  for (const line of text.split('\n')) {
    if (line === '') break;
    inSignature = /^gpgsig(?:-sha256)? /.test(line) || (inSignature && line.startsWith(' '));
    const space = line.indexOf(' ');
    if (inSignature || space < 0 || headers.has(line.slice(0, space))) continue;
    headers.set(line.slice(0, space), line.slice(space + 1));
  }
  return headers;
}

/** `Name <mail> 1700000000 +0200` */
function actorTime(actor: string): Timestamp | undefined {
  const open = actor.lastIndexOf('<');
  const close = actor.lastIndexOf('>');
  if (open < 0 || close < open) return undefined;
  const [unix, zone] = splitFields(trimSpace(actor.slice(close + 1)));
  if (unix === undefined || zone === undefined || !/^[+-].{4}$/.test(zone)) return undefined;
  try {
    const seconds = parseInteger(unix, 10, 64);
    const minutes = (twoDigits(zone.slice(1, 3)) * 60 + twoDigits(zone.slice(3))) * (zone[0] === '-' ? -1 : 1);
    return minutes === 0 ? { seconds, nanos: 0 } : { seconds, nanos: 0, offset: minutes };
  } catch {
    return undefined;
  }
}

/** A zone that is not a number counts as 0. */
function twoDigits(text: string): number {
  return /^\d\d$/.test(text) ? Number(text) : 0;
}
