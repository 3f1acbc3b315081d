/** Variables of the environment whose names users choose. */

/** The value of a variable; undefined where it is not set, also for names that every object has, such as `toString`. */
export function variableOf(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}
