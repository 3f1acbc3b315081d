/** Where the value of a secret ends, and the text around it goes on. */

/** What closes a sentence, a bracket or a command, and is seldom the end of a secret. */
const closers = new Set(')]},.;:|…');

/**
 * The number of characters at the end of a value that belong to the text around it: `)` of `(see ?token=abc)`, and
 * `\n` and `\"` of JSON. The bracket of `${TOKEN}` belongs to the value, and so does the first character in any case.
 */
export function closingLength(value: string): number {
  let end = value.length;
  for (; end > 1; end--) {
    if (value[end - 1] === '}' && /\$\{[^{}]*$/.test(value.slice(Math.max(0, end - 200), end - 1))) break;
    if (closers.has(value[end - 1]!) || value[end - 1] === '\\') continue;
    if (end > 2 && value[end - 2] === '\\' && 'nrt'.includes(value[end - 1]!)) end--;
    else break;
  }
  return value.length - end;
}
