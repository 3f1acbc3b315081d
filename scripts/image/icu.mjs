/**
 * Node carries 33 MB of ICU data for every language in its read-only segment. A frontend writes no localised text, so
 * that all but English and the language-neutral tables are overwritten with zeros, which leaves every address as it is
 * and compresses to nothing. What remains is what Node's own build with small-icu has.
 */

const HEADER = 12; // from the start of a data package to its format name
const kept = /(^(?!unames).*\.(icu|nrm|cfu|spp)$)|(^|\/)(root|en|en_US|pool|res_index)\.res$|^[A-Za-z]{5,}\.res$/; // supplementalData.res and the like

/** Overwrites the items of ICU's common data packages that are not needed, in place. Returns the number of bytes. */
export function thinIcu(binary) {
  let dropped = 0;
  for (let at = binary.indexOf('CmnD'); at >= 0; at = binary.indexOf('CmnD', at + 1)) {
    const start = at - HEADER;
    if (binary[start + 2] !== 0xda || binary[start + 3] !== 0x27) continue;
    const base = start + binary.readUInt16LE(start);
    const count = binary.readUInt32LE(base);
    if (count < 100 || count > 100_000) continue; // ICU's stub of an empty package
    const item = (index) => {
      const name = base + binary.readUInt32LE(base + 4 + 8 * index);
      const path = binary.toString('latin1', name, binary.indexOf(0, name));
      return { path: path.slice(path.indexOf('/') + 1), offset: base + binary.readUInt32LE(base + 8 + 8 * index) };
    };
    for (let index = 0; index < count - 1; index++) {
      const { path, offset } = item(index);
      if (kept.test(path) && !path.startsWith('translit/')) continue;
      const end = item(index + 1).offset;
      binary.fill(0, offset, end);
      dropped += end - offset;
    }
  }
  return dropped;
}
