/**
 * What the portable core (everything from the text of a Dockerfile to the gateway) needs of the program that runs it,
 * beyond the language, timers and `performance.now()`. The core imports `host` from `#host`; package.json says which
 * module that is: `node.ts`, `engine.ts` in the small engine of the frontend image, `browser.ts` in a browser, or
 * `confined.ts` in the engine of a build program.
 */

/** Formats of archives that a host unpacks. */
export type PackedFormat = 'gzip' | 'zstd' | 'xz';

/**
 * A JavaScript engine of its own for a build program: the language without clock and randomness, and messages. The
 * module `tsfront/build` has run in it before, and `tsfront/llb` can be imported.
 */
export interface ProgramEngine {
  /** Adds the text of a module, which other modules import by exactly this name. */
  define(name: string, source: string): void;

  /**
   * Gives the program a message, and runs it until it waits for the next one. What it sends has reached the listener
   * then.
   * @throws Error with what the program threw and did not catch, and its own stack; or if the program exceeded a limit
   * (`docs/limits.md`): the engine is then of no further use
   */
  send(message: string): Promise<void>;

  /** Ends the engine at once, also while it runs, and frees its memory. */
  close(): void;
}

/** What a host provides. */
export interface Host {
  /** Go's name of the architecture that this program runs on: `amd64`, `arm64`, … */
  readonly architecture: string;

  /** Returns the SHA-256 of bytes as 64 lower-case hexadecimal digits. */
  sha256(data: Uint8Array): string;

  /** Returns unpredictable bytes. */
  randomBytes(size: number): Uint8Array;

  /** Decodes UTF-8; a byte that is not part of valid UTF-8 becomes the lone surrogate U+DC00 + byte. */
  decodeText(bytes: Uint8Array): string;

  /** Decodes UTF-8; what is not valid becomes U+FFFD, in the number that the WHATWG's encoding standard gives. */
  decodeLossy(bytes: Uint8Array): string;

  /** Encodes text that `decodeText` made to the same bytes; other lone surrogates become U+FFFD. */
  encodeText(text: string): Uint8Array;

  /**
   * Writes text as UTF-8 to `target` from `offset` on, which must have room. Lone surrogates become U+FFFD.
   * @returns the number of bytes written
   */
  encodeInto(text: string, target: Uint8Array, offset: number): number;

  /** Lets what waits have its turn: answers of the daemon, signals, timers. */
  turn(): Promise<unknown>;

  /**
   * Unpacks the member or frame with which `data` begins, a piece at a time. Nothing is unpacked ahead of the reader.
   * Data that is cut off yields what there is.
   *
   * @returns the number of bytes of `data` that were used
   * @throws Error if the data is damaged, or this host cannot unpack the format
   */
  unpack(format: PackedFormat, data: Uint8Array): AsyncGenerator<Uint8Array, number>;

  /** Opens an engine for a build program. `listener` gets the messages that the program sends. */
  openProgramEngine(listener: (message: string) => void): ProgramEngine;
}
