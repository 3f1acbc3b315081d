/**
 * What the small JavaScript engine of the frontend image gives to the script: the whole interface between engine/host.c
 * and TypeScript. It is the language and the object `native`; there is no `process`, `Buffer`, `TextDecoder`, `URL`,
 * `setTimeout`, `console` or `Intl`.
 *
 * The script is run once; it makes what it needs, gives the host its listener and touches nothing outside. Then the
 * host calls the listener with `start` and with what {@link Native.wait} asks for, runs what promises have to run after
 * each call, and so on until {@link Native.exit}.
 */
export interface Native {
  /**
   * The SHA-256 of bytes, as 64 lower-case hexadecimal digits.
   */
  sha256(data: Uint8Array): string;

  /**
   * UTF-8 to text without loss: a byte that is not part of valid UTF-8 becomes the lone surrogate U+DC00 + byte
   * (src/go/text.ts). A byte order mark stays.
   */
  decodeText(data: Uint8Array): string;

  /**
   * Text that {@link decodeText} made to the same bytes. Other lone surrogates become U+FFFD.
   */
  encodeText(text: string): Uint8Array<ArrayBuffer>;

  /**
   * UTF-8 to text as `TextDecoder` does it, with U+FFFD for what is not valid. A byte order mark stays.
   */
  decodeLossy(data: Uint8Array): string;

  /**
   * Writes text as UTF-8 to `target` from `offset` on, with U+FFFD for lone surrogates. Returns how many bytes it
   * wrote.
   *
   * @throws RangeError if they do not fit; nothing is written then
   */
  encodeInto(text: string, target: Uint8Array, offset: number): number;

  /**
   * Bytes of the kernel's random number generator.
   *
   * @param size at most 65,536
   */
  randomBytes(size: number): Uint8Array<ArrayBuffer>;

  /**
   * Milliseconds, with their fractions, of a clock that only goes forward. `Date.now()` is the time of day.
   */
  now(): number;

  /**
   * The environment of the process. Bytes that are not UTF-8 are U+FFFD. Without a prototype.
   */
  environment(): Readonly<Record<string, string>>;

  /**
   * What Go calls the architecture of the process.
   */
  architecture(): 'amd64' | 'arm64';

  /**
   * Whether a file descriptor is a pipe or a socket, as BuildKit gives them to a frontend.
   */
  isPipe(fd: 0 | 1 | 2): boolean;

  /**
   * What has come on standard input, at most 64 KiB: `undefined` if nothing is there yet, `null` when no more will
   * come, also after an error.
   */
  read(): Uint8Array<ArrayBuffer> | null | undefined;

  /**
   * Writes to standard output or standard error. Returns how many of the bytes it took, which may be none: the `output`
   * event tells when there is room again. Writing to standard error waits, and ignores errors.
   *
   * @throws Error if nobody can read it any more
   */
  write(fd: 1 | 2, data: Uint8Array): number;

  /**
   * Calls `listener` for each event from now on. What it throws, and rejections that nobody handles, come back to it as
   * `failure`.
   */
  listen(listener: (event: NativeEvent, value: unknown) => void): void;

  /**
   * What the host waits for from now on, until the next call.
   *
   * @param input whether the `input` event is wanted: {@link read} has something
   * @param output whether the `output` event is wanted: standard output has room
   * @param ms milliseconds until the `timer` event, which comes once; 0 for as soon as the other events had their turn;
   * a negative number for never
   */
  wait(input: boolean, output: boolean, ms: number): void;

  /**
   * From now on the first SIGTERM or SIGINT ends the process with exit code 2. Until then the first is an event, and
   * the second ends the process.
   */
  exitOnSignal(): void;

  /**
   * Ends the process at once.
   */
  exit(code: number): never;

  /**
   * Unpacks one gzip member or one zstd frame, with which `data` begins. `data` must stay as it is meanwhile.
   */
  unpack(format: 'gzip' | 'zstd', data: Uint8Array): Unpacking;

  /**
   * Adds the text of a module to the engine of the build program (program.c), which is another runtime: only text
   * passes between it and this one. Its modules import each other by exactly these names.
   */
  defineModule(name: string, source: string): void;

  /**
   * Gives the build program a message, and runs it until it has nothing left to do. `listener` gets what it sends
   * meanwhile.
   *
   * @throws Error if the program took more steps, stack or memory than it may
   */
  sendToProgram(message: string, listener: (message: string) => void): void;
}

/**
 * - `start`: the first one, when the script has been run
 * - `input`, `output`, `timer`: see {@link Native.wait}
 * - `signal`: the process is told to end; the value is `SIGTERM` or `SIGINT`
 * - `failure`: the value is what was thrown or rejected and not caught, or a RangeError if memory ran out, whether the
 *   script caught that or not. The memory limit is then raised once, by what it takes to report it
 */
export type NativeEvent = 'start' | 'input' | 'output' | 'timer' | 'signal' | 'failure';

/**
 * A stream that is being unpacked.
 */
export interface Unpacking {
  /**
   * The next plain bytes, at most 64 KiB, or `undefined` at the end of the member or frame, or where `data` ends.
   *
   * @throws Error for damaged data
   */
  next(): Uint8Array<ArrayBuffer> | undefined;

  /**
   * How many bytes of `data` were read.
   */
  readonly used: number;

  /**
   * Whether the end of the member or frame was reached.
   */
  readonly ended: boolean;
}

declare global {
  /** Only in the engine. */
  const native: Native;
}
