/** The lines that the live display shows of steps. */
import { printableLine } from '../../text/printable.ts';
import { redactCredentials } from '../../text/redact.ts';
import type { Colors } from './colors.ts';
import { formatProgress } from './format.ts';
import { maxWarnings } from './source-excerpt.ts';
import { type DisplayStep, duration, isCanceled, isCompleted, visibleStatuses } from './trace.ts';

/** One line of the display. */
export interface Line {
  readonly text: string;
  /** Milliseconds of the step's start and end; a line without time has none. */
  readonly seconds: number;
  readonly status: string;
  readonly style: keyof Colors | 'plain';
  readonly running: boolean;
  readonly step: DisplayStep | undefined;
}

/**
 * The lines of a step: itself, its transfers, its warnings.
 * @param all whether transfers that are done are among them
 * @param now milliseconds on the clock of the daemon
 */
export function stepLines(step: DisplayStep, all: boolean, now: number): Line[] {
  const state = step.error ? (isCanceled(step) ? 'CANCELED ' : 'ERROR ') : step.cached ? 'CACHED ' : '';
  const done = isCompleted(step);
  const style = !done ? 'plain' : step.error ? (isCanceled(step) ? 'cancel' : 'error') : 'run';
  const first: Line = {
    text: state + nameOf(step),
    seconds: duration(step, now),
    status: '',
    style,
    running: !done,
    step,
  };
  const statuses = [...(all ? step.statuses.values() : visibleStatuses(step))]
    .filter(({ started }) => started !== undefined)
    .map(
      (status): Line => ({
        text: `=> ${printableLine(redactCredentials(status.id))}`,
        seconds: Math.max(0, (status.completed ?? now) - status.started!) / 1000,
        status: formatProgress(status.current, status.total),
        style: status.completed === undefined ? 'plain' : 'run',
        running: status.completed === undefined,
        step: undefined,
      }),
    );
  const rest = step.warnings.length - maxWarnings;
  const shown = step.warnings.slice(0, maxWarnings).map(({ short }) => printableLine(short));
  const warnings = (rest > 0 ? [...shown, `and ${rest} more`] : shown).map(
    (warning): Line => ({
      text: `WARN: ${warning}`,
      seconds: first.seconds,
      status: '',
      style: 'warning',
      running: false,
      step: undefined,
    }),
  );
  return [first, ...statuses, ...warnings];
}

/** The name of a step, as terminals may show it. */
export function nameOf({ name }: DisplayStep): string {
  return printableLine(redactCredentials(name));
}

/** Keeps what runs, and of the rest the latest. */
export function keepRunning(lines: Line[], height: number): Line[] {
  let surplus = lines.length - height;
  if (surplus <= 0) return lines;
  return lines.filter((line) => line.running || surplus-- <= 0);
}
