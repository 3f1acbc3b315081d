/** A point in time as Go's time.Time keeps it for our purposes: nanosecond precision and the offset it is printed with. */
export interface Timestamp {
  /** Seconds since the epoch. */
  readonly seconds: bigint;
  /** 0 to 999,999,999. */
  readonly nanos: number;
  /** Offset from UTC in minutes; absent is UTC (`Z`). */
  readonly offset?: number;
}
