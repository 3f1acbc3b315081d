/** Timers that do not keep a process alive by themselves. */

/** Calls `act` after `ms` milliseconds. @returns ends the timer */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  release(timer);
  return () => clearTimeout(timer);
}

/** Calls `act` every `ms` milliseconds. @returns ends the timer */
export function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  release(timer);
  return () => clearInterval(timer);
}

/** Only Node waits for timers before it exits. */
function release(timer: { unref?: () => unknown }): void {
  timer.unref?.();
}
