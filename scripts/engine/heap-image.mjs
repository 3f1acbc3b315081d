/**
 * The heap of the script as a part of the program. `prepare` runs the script's top level and writes its heap down,
 * several times, at two addresses of the program: words that differ as these do are addresses of the program. They are
 * written as names, so that the same heap serves every architecture (all have 64 bits, the same byte order and layout
 * of structs).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { linkAt, readInside, runInside } from './toolchain.mjs';

/** Addresses of `prepare`. They differ in all bits that a value of 16 bits in the place of an address may leave. */
const firstBase = 0x400000n;
const bases = [firstBase, 0x4321f000n];
/**
 * How often the heap is made at each: addresses of the stack, which are random in some bits only, must be seen to
 * differ.
 */
const runs = 12;
/** The largest page of any system. */
const pageSize = 65_536;

/**
 * @typedef {import('./toolchain.mjs').Toolchain} Toolchain
 * @typedef {{ address: bigint, size: bigint, type: string, name: string }} ProgramSymbol
 */

/**
 * Makes heap.bin and heap.S in the build's directory.
 *
 * @param {readonly string[]} objects of `prepare`, in the root
 * @param {readonly string[]} scripts in the root: the frontend's, and the modules of build programs
 * @returns the names that heap.S refers to
 * @param {Toolchain} tools
 */
export function makeHeapImage(tools, objects, scripts) {
  const programs = bases.map((address) => ({
    address,
    program: linkAt(tools, address, objects, `prepare-${address.toString(16)}`),
  }));
  const [symbols = []] = programs.map(({ program }) => readSymbols(tools, program));
  /**
   * @param {bigint} address
   * @param {string} program
   */
  const makeHeap = (address, program) => {
    runInside(tools, program, '-o', `${tools.inside}/heap`, ...scripts);
    return { heap: readFileSync(path.join(tools.directory, 'heap')), moved: address - firstBase };
  };
  const [one, ...others] = programs.flatMap(({ address, program }) =>
    Array.from({ length: runs }, () => makeHeap(address, program)),
  );
  if (!one || others.some(({ heap }) => heap.length !== one.heap.length))
    throw new Error('the script makes another heap each time');

  const heap = Buffer.alloc(Math.ceil(one.heap.length / pageSize) * pageSize);
  one.heap.copy(heap);
  const places = [];
  const targets = [];
  for (let at = 0; at + 8 <= one.heap.length; at += 8) {
    const value = one.heap.readBigUInt64LE(at);
    const values = others.map((other) => other.heap.readBigUInt64LE(at));
    if (values.every((other) => other === value)) continue;
    const isAddress = others.every(({ moved }, i) => values[i] === value + moved);
    const target = isAddress && findSymbol(symbols, value);
    if (target) {
      places.push(at / 8);
      targets.push(target);
      heap.writeBigUInt64LE(0n, at);
    } else {
      // Addresses of the stack, which the host sets anew, and what unused bytes of values happen to hold.
      /** @param {number} byte */
      const differs = (byte) => others.some((other) => other.heap[byte] !== one.heap[byte]);
      for (let byte = at; byte < at + 8; byte++) if (differs(byte)) heap[byte] = 0;
      // The upper half of an address, of which other bits rarely differ.
      if (differs(at + 4)) heap.writeUInt32LE(0, at + 4);
    }
  }
  writeFileSync(path.join(tools.directory, 'heap.bin'), heap);
  writeFileSync(path.join(tools.directory, 'heap.S'), assembly(`${tools.inside}/heap.bin`, places, targets));
  return [...new Set(targets.map(({ name }) => name))];
}

/**
 * @param {Toolchain} tools
 * @param {string} program
 */
function readSymbols(tools, program) {
  const lines = readInside(tools, 'nm', '--print-size', '--numeric-sort', program).trim().split('\n');
  return lines
    .map((line) => line.split(' '))
    .filter((fields) => fields.length === 4)
    .map(([address, size, type = '', name = '']) => {
      return { address: BigInt(`0x${address}`), size: BigInt(`0x${size}`), type, name };
    });
}

/**
 * What lies at an address of the program; undefined inside a function and outside of what has names, to which nothing
 * points but what is left of old values.
 *
 * @param {readonly ProgramSymbol[]} symbols
 * @param {bigint} address
 */
function findSymbol(symbols, address) {
  /** @param {readonly ProgramSymbol[]} some */
  const isBetween = (some) => {
    const [first] = some;
    const last = some.at(-1);
    return first !== undefined && last !== undefined && address >= first.address && address < last.address + last.size;
  };
  const isCode = isBetween(symbols.filter(({ type }) => /t/i.test(type)));
  const found = symbols.find(
    (symbol) =>
      (isCode ? symbol.address === address : symbol.address <= address && address < symbol.address + symbol.size) &&
      symbols.every((other) => other === symbol || other.name !== symbol.name),
  );
  if (!found && isBetween(symbols.filter(({ type }) => /r/i.test(type))))
    throw new Error(`the heap has an address of the program without a name: ${address.toString(16)}`);
  return found && { name: found.name, offset: address - found.address };
}

/**
 * @param {string} file
 * @param {readonly number[]} places
 * @param {readonly { name: string, offset: bigint }[]} targets
 */
const assembly = (file, places, targets) => `
    .section .heap, "aw", %progbits
    .global heap_image, heap_image_end
    .balign ${pageSize}
heap_image:
    .incbin "${file}"
heap_image_end:
    .section .rodata.heap, "a", %progbits
    .global heap_pointers, heap_pointers_end
    .balign 4
heap_pointers:
${places.map((place) => `    .long ${place}\n`).join('')}heap_pointers_end:
    .section .data.rel.ro.heap, "aw", %progbits
    .global heap_targets
    .balign 8
heap_targets:
${targets.map(({ name, offset }) => `    .quad ${name} + ${offset}\n`).join('')}
    .section .note.GNU-stack, "", %progbits
`;
