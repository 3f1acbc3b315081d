import type { Reader } from './reader.ts';
import type { Field } from './schema.ts';
import { WireType } from './writer.ts';

/** A list of strings as it was decoded last: its strings, and where in its bytes each ends. */
interface Run {
  readonly source: Uint8Array;
  readonly start: number;
  readonly values: readonly string[];
  /** From the start. */
  readonly ends: number[];
}

/**
 * Decodes lists of strings of one message after another. What a list begins with as the list before is not decoded
 * again: each RUN of a Dockerfile has all variables of the RUN before it.
 */
export class StringRuns {
  /** By field. */
  private readonly last = new Map<Field, Run>();

  /**
   * Reads the elements of a list that stand together.
   *
   * @param from after the first tag
   * @param to gets the strings
   * @param end of the message
   */
  read(from: Reader, field: Field, to: string[], end: number): void {
    const { source } = from;
    const start = from.at;
    const last = this.last.get(field);
    const ends = last?.ends ?? [];
    const values: string[] = [];
    if (last) {
      const same = commonLength(source, start, end, last);
      let count = ends.length;
      while (count > 0 && ends[count - 1]! > same) count--;
      for (let at = 0; at < count; at++) values.push(last.values[at]!);
      if (count > 0) from.at = start + ends[count - 1]!;
      ends.length = count;
    }
    if (values.length === 0 || hasNext(from, field, end))
      do {
        values.push(from.string());
        ends.push(from.at - start);
      } while (hasNext(from, field, end));
    for (const value of values) to.push(value);
    this.last.set(field, { source, start, values, ends });
  }
}

/** Whether another element follows; then its tag is passed over. */
function hasNext(from: Reader, { number }: Field, end: number): boolean {
  const { at } = from;
  if (at < end && from.tag() === number && from.wireType === WireType.lengthDelimited) return true;
  from.at = at;
  return false;
}

/** How many bytes are those of the last list. */
function commonLength(source: Uint8Array, start: number, end: number, last: Run): number {
  const limit = Math.min(end - start, last.ends.at(-1) ?? 0);
  let same = 0;
  while (same < limit && source[start + same] === last.source[last.start + same]) same++;
  return same;
}
