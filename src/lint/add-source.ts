/** What a source of ADD is, by its name. */

/** Whether it is downloaded or cloned. */
export function isRemote(source: string): boolean {
  return (
    /^(?:https?|ftp|git|ssh):\/\//i.test(source) ||
    /^[\w.-]+@[\w.-]+:/.test(source) ||
    /^github\.com\//.test(source) ||
    /^<</.test(source)
  );
}

/** Whether its name is that of an archive that ADD unpacks. */
export function isArchiveName(source: string): boolean {
  return /\.(?:tar|tgz|tbz2?|txz|tlz|tzst|tar\.\w+|gz|bz2|xz|zst|lzma)$/i.test(source);
}
