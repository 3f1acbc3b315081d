import { type Command, Option } from 'commander';

/** What `--allow-unknown` does, for those commands that take outputs and caches. */
export const ALLOW_UNKNOWN = 'hand types and attributes that tsfront does not know on to the daemon';

/**
 * Adds an option that may be given several times: its value is a list, empty where it is not given.
 * @param name of its value, where that is not the option's own
 */
export function addListOption(command: Command, flags: string, description: string, name?: string): void {
  const append = (value: string, previous: readonly string[]) => [...previous, value];
  const option = new Option(flags, description).argParser(append);
  if (name !== undefined) nameValue(option, name);
  command.addOption(option);
  command.setOptionValueWithSource(option.attributeName(), [], 'default'); // a default of the option would be in the help
}

/** Names an option's value. An option that begins with `no-` is taken at its word then, and not for a negation. */
export function nameValue(option: Option, name: string): Option {
  option.negate = false;
  option.attributeName = () => name;
  return option;
}
