/** Decides whether to write colours to a terminal. */

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether colours may be written: to a terminal that is not dumb, unless NO_COLOR is set and not empty.
 * Node's own function prints a warning if both FORCE_COLOR and NO_COLOR are set.
 */
export function wantsColor(terminal: boolean, env: Environment): boolean {
  return terminal && !env['NO_COLOR'] && !isDumb(env);
}

/** Whether a terminal can only append text and not redraw it. */
export function isDumb(env: Environment): boolean {
  return env['TERM'] === 'dumb';
}
