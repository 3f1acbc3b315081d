/** Colours of a terminal, as its user wants them. */

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether colours may be written: to a terminal that is not dumb, unless NO_COLOR says no (an empty one says nothing).
 * Node's own answer writes a warning of its own where FORCE_COLOR and NO_COLOR are both set.
 */
export function wantsColor(terminal: boolean, env: Env): boolean {
  return terminal && !env['NO_COLOR'] && !isDumb(env);
}

/** Whether a terminal only goes on writing: nothing can be drawn anew on it. */
export function isDumb(env: Env): boolean {
  return env['TERM'] === 'dumb';
}
