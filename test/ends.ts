/** Long enough for a busy machine; only a test that fails waits for it. */
const limitMs = 50_000;

/** What comes of a promise; fails where a fault has left it hanging. */
export async function ends<T>(promise: Promise<T>, limit = limitMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hanging = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('still not at an end')), limit);
  });
  return Promise.race([promise, hanging]).finally(() => clearTimeout(timer));
}
