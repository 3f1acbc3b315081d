type Differences = Readonly<Record<string, { want: unknown; got: unknown }>>;

export function normalize(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
export function compare(
  want: Readonly<Record<string, unknown>>,
  got: Readonly<Record<string, unknown>>,
): { failed: string[]; details: Differences };
export function firstDifferences(want: unknown, got: unknown): string[];
