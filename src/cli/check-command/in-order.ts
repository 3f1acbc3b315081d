/** Runs work on several things at the same time. */

/**
 * Runs a function on each item, at most `limit` at the same time, and gives the results in the order of the items as
 * soon as they can be given. The first error ends it.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  run: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  let next = 0;
  const start = () => {
    if (next >= items.length) return;
    const promise = run(items[next++]!);
    promise.catch(() => {}); // it is awaited in its turn
    running.push(promise);
  };
  for (let i = 0; i < limit; i++) start();
  for (let promise = running.shift(); promise; promise = running.shift()) {
    try {
      yield await promise;
    } catch (error) {
      await Promise.allSettled(running);
      throw error;
    }
    start();
  }
}
