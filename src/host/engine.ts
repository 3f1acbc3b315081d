/// <reference path="../../engine/host.d.ts" />
import type { Host } from './host.ts';

/** The host in the small engine of the frontend image. `engine/host.c` implements `native`. */
export const host: Host = {
  get architecture() {
    return native.architecture();
  },
  sha256: native.sha256,
  randomBytes: native.randomBytes,
  decodeText: native.decodeText,
  decodeLossy: native.decodeLossy,
  encodeText: native.encodeText,
  encodeInto: native.encodeInto,
  turn: () => new Promise((resolve) => setTimeout(resolve)),
  async *unpack(format, data) {
    // As in the reference's image.
    if (format === 'xz') throw new Error('exec: "xz": executable file not found in $PATH');
    const unpacking = native.unpack(format, data);
    for (let piece = unpacking.next(); piece; piece = unpacking.next()) {
      yield piece;
      await host.turn();
    }
    return unpacking.used;
  },
  openProgramEngine: (listener) => ({
    define: (name, source) => native.defineModule(name, source),
    send: async (message) => native.sendToProgram(message, listener),
    close() {}, // the process ends with the build
  }),
};
