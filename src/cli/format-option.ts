import { InvalidArgumentError, Option } from 'commander';

/** `--format`, which docker has too: there it also takes templates of Go, which nothing here evaluates. */
export function formatOption(records: string, choices: readonly string[]): Option {
  const option = new Option(
    '--format <format>',
    `how ${records} are shown: ${choices.join(', ')}; json prints one a line`,
  );
  return option.argParser((value: string) => {
    if (choices.includes(value)) return value;
    if (value.includes('{{') || value.startsWith('table '))
      throw new InvalidArgumentError('Templates of Go are not evaluated: --format json has all that is known, for jq.');
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
  });
}
