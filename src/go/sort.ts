/**
 * Go's `sort.Slice`: a pattern-defeating quicksort. It is not stable, so the order of equal elements is part of the
 * result where users see it: in the text of `frontend.lint`, which lists several warnings about one line.
 */

/** Sorts in place; `less` says whether its first argument belongs before the second. */
export function sortSlice<T>(items: T[], less: (a: T, b: T) => boolean): void {
  new QuickSort(items, less).sort(0, items.length, bitLength(items.length));
}

const bitLength = (n: number) => 32 - Math.clz32(n);

const maxInsertion = 12;
const shortestForNinePivots = 50;
const allSwapped = 12;
const shortestForShifting = 50;

class QuickSort<T> {
  private readonly items: T[];
  private readonly lessThan: (a: T, b: T) => boolean;

  constructor(items: T[], less: (a: T, b: T) => boolean) {
    this.items = items;
    this.lessThan = less;
  }

  /** `limit` is the number of bad pivots after which heap sort takes over. */
  sort(from: number, to: number, limit: number): void {
    let balanced = true;
    let partitioned = true;
    for (;;) {
      const length = to - from;
      if (length <= maxInsertion || limit === 0) {
        if (length <= maxInsertion) this.insertionSort(from, to);
        else this.heapSort(from, to);
        return;
      }
      if (!balanced) {
        this.breakPatterns(from, to);
        limit--;
      }
      let { pivot, order } = this.choosePivot(from, to);
      if (order === 'decreasing') {
        this.reverse(from, to);
        pivot = to - 1 - (pivot - from);
        order = 'increasing';
      }
      if (balanced && partitioned && order === 'increasing' && this.almostSorted(from, to)) return;
      if (from > 0 && !this.less(from - 1, pivot)) {
        from = this.partitionEqual(from, to, pivot);
        continue;
      }
      const { middle, already } = this.partition(from, to, pivot);
      partitioned = already;
      const left = middle - from;
      const right = to - middle;
      balanced = Math.min(left, right) >= Math.floor(length / 8);
      if (left < right) {
        this.sort(from, middle, limit);
        from = middle + 1;
      } else {
        this.sort(middle + 1, to, limit);
        to = middle;
      }
    }
  }

  private less(a: number, b: number): boolean {
    return this.lessThan(this.items[a]!, this.items[b]!);
  }

  private swap(a: number, b: number): void {
    const item = this.items[a]!;
    this.items[a] = this.items[b]!;
    this.items[b] = item;
  }

  private insertionSort(from: number, to: number): void {
    for (let i = from + 1; i < to; i++) for (let j = i; j > from && this.less(j, j - 1); j--) this.swap(j, j - 1);
  }

  private heapSort(from: number, to: number): void {
    const length = to - from;
    for (let i = Math.floor((length - 1) / 2); i >= 0; i--) this.siftDown(i, length, from);
    for (let i = length - 1; i >= 0; i--) {
      this.swap(from, from + i);
      this.siftDown(0, i, from);
    }
  }

  private siftDown(root: number, end: number, first: number): void {
    for (;;) {
      let child = 2 * root + 1;
      if (child >= end) return;
      if (child + 1 < end && this.less(first + child, first + child + 1)) child++;
      if (!this.less(first + root, first + child)) return;
      this.swap(first + root, first + child);
      root = child;
    }
  }

  private reverse(from: number, to: number): void {
    for (let i = from, j = to - 1; i < j; i++, j--) this.swap(i, j);
  }

  /** Moves three elements around the middle to pseudo-random places. */
  private breakPatterns(from: number, to: number): void {
    const length = to - from;
    let random = BigInt(length);
    const mask = (1n << BigInt(bitLength(length))) - 1n;
    const first = from + Math.floor(length / 4) * 2 - 1;
    for (let i = 0; i < 3; i++) {
      random = BigInt.asUintN(64, random ^ (random << 13n));
      random ^= random >> 7n;
      random = BigInt.asUintN(64, random ^ (random << 17n));
      const other = Number(random & mask);
      this.swap(first + i, from + (other >= length ? other - length : other));
    }
  }

  private choosePivot(from: number, to: number): { pivot: number; order: 'increasing' | 'decreasing' | undefined } {
    const length = to - from;
    const quarter = Math.floor(length / 4);
    let swaps = 0;
    const median = (a: number, b: number, c: number): number => {
      const order = (x: number, y: number): [number, number] => {
        if (!this.less(y, x)) return [x, y];
        swaps++;
        return [y, x];
      };
      [a, b] = order(a, b);
      [b, c] = order(b, c);
      [a, b] = order(a, b);
      return b;
    };
    const near = (at: number) => (length >= shortestForNinePivots ? median(at - 1, at, at + 1) : at);
    const low = near(from + quarter);
    const middle = near(from + quarter * 2);
    const high = near(from + quarter * 3);
    const pivot = median(low, middle, high);
    return { pivot, order: swaps === 0 ? 'increasing' : swaps === allSwapped ? 'decreasing' : undefined };
  }

  /** Sorts a nearly sorted range with a few shifts; false if they were not enough. */
  private almostSorted(from: number, to: number): boolean {
    let i = from + 1;
    for (let step = 0; step < 5; step++) {
      while (i < to && !this.less(i, i - 1)) i++;
      if (i === to) return true;
      if (to - from < shortestForShifting) return false;
      this.swap(i, i - 1);
      if (i - from >= 2) for (let j = i - 1; j >= 1 && this.less(j, j - 1); j--) this.swap(j, j - 1);
      if (to - i >= 2) for (let j = i + 1; j < to && this.less(j, j - 1); j++) this.swap(j, j - 1);
    }
    return false;
  }

  /** Puts the elements less than the pivot before it and the others after it. */
  private partition(from: number, to: number, pivot: number): { middle: number; already: boolean } {
    this.swap(from, pivot);
    let i = from + 1;
    let j = to - 1;
    for (let swapped = false; ; swapped = true) {
      while (i <= j && this.less(i, from)) i++;
      while (i <= j && !this.less(j, from)) j--;
      if (i > j) {
        this.swap(j, from);
        return { middle: j, already: !swapped };
      }
      this.swap(i++, j--);
    }
  }

  /** Puts the elements equal to the pivot first; no element is less than it. */
  private partitionEqual(from: number, to: number, pivot: number): number {
    this.swap(from, pivot);
    let i = from + 1;
    let j = to - 1;
    for (;;) {
      while (i <= j && !this.less(from, i)) i++;
      while (i <= j && this.less(from, j)) j--;
      if (i > j) return i;
      this.swap(i++, j--);
    }
  }
}
