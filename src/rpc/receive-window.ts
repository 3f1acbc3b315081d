/** How much a peer may still send, on one stream or on all of them. */
export class ReceiveWindow {
  private readonly size: number;
  private left: number;
  /** Bytes that were consumed and that the peer has not been told of. */
  private consumed = 0;

  /** @param size bytes that the peer may send ahead */
  constructor(size: number) {
    this.size = size;
    this.left = size;
  }

  /** Counts bytes that have come. @returns whether they were allowed */
  take(bytes: number): boolean {
    this.left -= bytes;
    return this.left >= 0;
  }

  /** Makes room for as many bytes as were consumed. @returns by how much the peer is to be told now that its window grows */
  giveBack(bytes: number): number {
    this.consumed += bytes;
    if (this.consumed < this.size / 2) return 0; // an update for each frame would cost more than it brings
    const growth = this.consumed;
    this.left += growth;
    this.consumed = 0;
    return growth;
  }
}
