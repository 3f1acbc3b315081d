const LIMIT_MS = 10_000;

/** What comes of a promise; fails where a fault has left it hanging. */
export async function ends<T>(promise: Promise<T>, limit = LIMIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hanging = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('still not at an end')), limit);
  });
  return Promise.race([promise, hanging]).finally(() => clearTimeout(timer));
}
