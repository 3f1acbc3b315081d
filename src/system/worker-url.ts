/**
 * The file of a thread.
 *
 * @param name without its extension; in the package each is an entry of its own
 * @param here the address of a module beside it in the source
 */
export function workerUrl(name: string, here: string): URL {
  if (here.endsWith('.ts')) return new URL(`./${name}.ts`, here);
  return new URL(/\/chunks\/[^/]*$/.test(here) ? `../${name}.js` : `./${name}.js`, here);
}
