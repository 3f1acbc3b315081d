/** What assembling an image needs to know of 64-bit little-endian ELF files, whatever machine they are for. */

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;

function segments(elf) {
  const [start, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    return {
      type: elf.readUInt32LE(at),
      offset: Number(elf.readBigUInt64LE(at + 8)),
      address: elf.readBigUInt64LE(at + 16),
      size: Number(elf.readBigUInt64LE(at + 32)),
    };
  });
}

function text(elf, offset) {
  return elf.toString('latin1', offset, elf.indexOf(0, offset));
}

/** The path of the program's loader (`/lib64/ld-linux-x86-64.so.2`), or undefined for a library. */
export function interpreter(elf) {
  const segment = segments(elf).find(({ type }) => type === PT_INTERP);
  return segment && text(elf, segment.offset);
}

/** The names of the shared libraries a file asks for. */
export function neededLibraries(elf) {
  const all = segments(elf);
  const dynamic = all.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) return [];
  const names = [];
  let strings = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const [tag, value] = [elf.readBigUInt64LE(at), elf.readBigUInt64LE(at + 8)];
    if (tag === DT_NEEDED) names.push(Number(value));
    if (tag === DT_STRTAB) {
      const load = all.findLast(({ type, address }) => type === PT_LOAD && address <= value);
      strings = load.offset + Number(value - load.address);
    }
  }
  return names.map((name) => text(elf, strings + name));
}

/** Drops symbols, debug information and the section table: nothing that is mapped when the program runs. */
export function strip(elf) {
  const [table, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  const end = Math.max(table + size * count, ...segments(elf).map((segment) => segment.offset + segment.size));
  const stripped = Buffer.from(elf.subarray(0, end));
  stripped.writeBigUInt64LE(0n, 40); // e_shoff
  stripped.fill(0, 58, 64); // e_shentsize, e_shnum, e_shstrndx
  return stripped;
}
