/** The flow-control window for what a peer sends, on one stream or on the connection. */
export class ReceiveWindow {
  private readonly size: number;
  private remaining: number;
  /** Consumed bytes that were not yet reported to the peer. */
  private consumed = 0;

  /** @param size bytes that the peer may send ahead */
  constructor(size: number) {
    this.size = size;
    this.remaining = size;
  }

  /** Counts bytes that have come. @returns whether they were allowed */
  take(bytes: number): boolean {
    this.remaining -= bytes;
    return this.remaining >= 0;
  }

  /** Adds consumed bytes. @returns the increment to send to the peer now; 0 for none */
  giveBack(bytes: number): number {
    this.consumed += bytes;
    if (this.consumed < this.size / 2) return 0; // an update for each frame would cost more than it brings
    const growth = this.consumed;
    this.remaining += growth;
    this.consumed = 0;
    return growth;
  }
}
