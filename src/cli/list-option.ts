import { type Command, Option } from 'commander';

/** Adds an option that may be given several times: its value is a list, empty where it is not given. */
export function addListOption(command: Command, flags: string, description: string): void {
  const append = (value: string, previous: readonly string[]) => [...previous, value];
  const option = new Option(flags, description).argParser(append);
  command.addOption(option);
  command.setOptionValueWithSource(option.attributeName(), [], 'default'); // a default of the option would be in the help
}
