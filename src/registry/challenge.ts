/** Parses the `WWW-Authenticate` header of a registry. */

/**
 * The parameters of the first challenge of a scheme in a `WWW-Authenticate` header, keys in lower case. If a key is
 * repeated, the first value counts.
 */
export function parseChallenge(header: string, scheme: string): ReadonlyMap<string, string> | undefined {
  let parameters: Map<string, string> | undefined;
  for (let at = 0; at < header.length; ) {
    const word = match(/[^\s,="]+/y, header, at);
    if (word === undefined) {
      at++;
      continue;
    }
    at += word.length;
    if (header[at] !== '=') {
      // The name of the next scheme ends the parameters.
      if (parameters) return parameters;
      if (word.toLowerCase() === scheme) parameters = new Map();
      continue;
    }
    const value = match(/"(?:[^"\\]|\\.)*"?|[^\s,"]*/y, header, ++at) ?? '';
    at += value.length;
    const key = word.toLowerCase();
    if (parameters && !parameters.has(key)) parameters.set(key, value.startsWith('"') ? unquote(value) : value);
  }
  return parameters;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function unquote(text: string): string {
  return text.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1');
}
