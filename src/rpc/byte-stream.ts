/** The byte stream below an HTTP/2 connection. Each host has an implementation (`node-stream.ts`). */
export interface ByteStream {
  /**
   * Sends bytes, which are the stream's from now on. What is written in one turn may leave together. After the end of
   * the stream nothing is sent.
   *
   * @param onWritten called, later, when the bytes have left, or never will
   */
  write(bytes: Uint8Array, onWritten?: () => void): void;
  /** Bytes that were written and have not left. */
  readonly waitingBytes: number;
  /** Closes the stream when everything that was written has left. */
  end(): void;
  /** Closes the stream at once. */
  destroy(): void;
  /** Reports what arrives. Called once, before anything can have arrived. */
  listen(listener: {
    /** Takes bytes, which are the listener's from now on. */
    data(bytes: Uint8Array): void;
    /** Nothing will arrive any more; `error` tells why if the peer has not simply closed. May be called again. */
    closed(error?: Error): void;
  }): void;
}
