/** `--ulimit`. */
import { splitAtFirst } from '../../go/split-at-first.ts';
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';

const ulimits = [
  'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio', 'rttime',
  'sigpending', 'stack',
]; // biome-ignore format: a list

/** `NAME=SOFT[:HARD]`, -1 being no limit. @throws UsageError */
export function requireUlimit(text: string): void {
  const [name, value = ''] = splitAtFirst(text, '=');
  const invalid = (why: string) => new UsageError(`invalid value ${JSON.stringify(text)} for --ulimit: ${why}`);
  if (!ulimits.includes(name))
    throw invalid(
      `unknown limit ${JSON.stringify(name)}${didYouMean(name, ulimits, false)}: known are ${ulimits.join(', ')}`,
    );
  const [, soft, hard] = /^(-?\d+)(?::(-?\d+))?$/.exec(value) ?? [];
  if (soft === undefined) throw invalid('it takes NAME=SOFT[:HARD], whole numbers');
  if (hard !== undefined && hard !== '-1' && (soft === '-1' || BigInt(soft) > BigInt(hard)))
    throw invalid(`the soft limit ${soft} is above the hard limit ${hard}`);
}
