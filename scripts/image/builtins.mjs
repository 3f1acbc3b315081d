/**
 * Node carries the source text of its built-in modules. Those that a frontend can never load are overwritten with blanks,
 * which leaves every address as it is and compresses to nothing; the TypeScript compiler alone is a twentieth of the
 * compressed image.
 */

const unused = /^internal\/(deps\/(amaro|undici|acorn|minimatch)\/|quic\/|debugger\/|test_runner\/)/;

/** Blanks the unused modules in a node binary of the running version, in place. Returns the number of bytes. */
export function dropBuiltins(binary) {
  let dropped = 0;
  if (!binary.includes(process.version)) return dropped;
  for (const [id, source] of Object.entries(process.binding('natives'))) {
    if (typeof source !== 'string' || !unused.test(id)) continue;
    const text = Buffer.from(source, 'latin1');
    const at = text.length < 1024 ? -1 : binary.indexOf(text);
    if (at < 0) continue;
    binary.fill(' ', at, at + text.length);
    dropped += text.length;
  }
  return dropped;
}
