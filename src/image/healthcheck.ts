/** How a HEALTHCHECK appears in the image's history. */
import { formatDuration } from '../go/duration.ts';
import { formatList } from '../go/quote.ts';
import type { HealthcheckConfig } from './config.ts';

/** Go's `%+v` of the config: `{Test:[CMD-SHELL true] Interval:30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}`. */
export function formatHealthcheck(config: HealthcheckConfig): string {
  const members = [
    `Test:${formatList(config.test)}`,
    `Interval:${formatDuration(config.interval)}`,
    `Timeout:${formatDuration(config.timeout)}`,
    `StartPeriod:${formatDuration(config.startPeriod)}`,
    `StartInterval:${formatDuration(config.startInterval)}`,
    `Retries:${config.retries}`,
  ];
  return `{${members.join(' ')}}`;
}
