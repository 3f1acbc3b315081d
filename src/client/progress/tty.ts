/** The progress of a build on a terminal: one line for each step, drawn anew as it goes on. */
import { cutToWidth, displayWidth, printableLine, withoutSequences } from '../../text/printable.ts';
import { redactCredentials } from '../../text/redact.ts';
import type { Colors } from './colors.ts';
import type { Display, Output, ShownBuilder } from './display.ts';
import { formatProgress } from './format.ts';
import { createLogText, type LogText } from './log-text.ts';
import { MAX_WARNINGS } from './source.ts';
import { createTrace, duration, isCanceled, isCompleted, type Step, visibleStatuses } from './trace.ts';

/** Lines of output that a running step shows, unless it is said otherwise. */
const LOG_LINES = 6;
/** Lines of a failed step that are repeated at the end, */
const ERROR_LINES = 50;
/** each at most so long. */
const LINE_LENGTH = 4096;

interface Line {
  readonly text: string;
  /** Milliseconds of the step's start and end; a line without time has none. */
  readonly seconds: number;
  readonly status: string;
  readonly style: keyof Colors | 'plain';
  readonly running: boolean;
  readonly step: Step | undefined;
}

export interface TtyOptions {
  /** None: no colours. */
  readonly colors?: Colors | undefined;
  /** How many lines of its output a running step shows, where there is room; 6 by default. */
  readonly logLines?: number | undefined;
  readonly title?: string;
  readonly builder?: ShownBuilder | undefined;
}

export function ttyDisplay(
  out: Output,
  { colors, logLines = LOG_LINES, title: doing = 'Building', builder }: TtyOptions,
): Display {
  const trace = createTrace();
  const logs = new Map<Step, { readonly text: LogText; lines: string[] }>();
  const keptLines = Math.max(ERROR_LINES, logLines);
  let drawn = 0;
  /** The difference between the daemon's clock and ours. */
  let clock: number | undefined;
  const now = () => Date.now() - (clock ?? 0);
  const paint = (text: string, sequence: string) => (colors && sequence ? `${sequence}${text}\x1b[0m` : text);

  const linesOf = (step: Step, all: boolean): Line[] => {
    const state = step.error ? (isCanceled(step) ? 'CANCELED ' : 'ERROR ') : step.cached ? 'CACHED ' : '';
    const done = isCompleted(step);
    const style = !done ? 'plain' : step.error ? (isCanceled(step) ? 'cancel' : 'error') : 'run';
    const first: Line = {
      text: state + nameOf(step),
      seconds: duration(step, now()),
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
          seconds: Math.max(0, (status.completed ?? now()) - status.started!) / 1000,
          status: formatProgress(status.current, status.total),
          style: status.completed === undefined ? 'plain' : 'run',
          running: status.completed === undefined,
          step: undefined,
        }),
      );
    const rest = step.warnings.length - MAX_WARNINGS;
    const told = step.warnings.slice(0, MAX_WARNINGS).map(({ short }) => printableLine(short));
    const warnings = (rest > 0 ? [...told, `and ${rest} more`] : told).map(
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
  };

  const draw = (all: boolean) => {
    const width = Math.max(20, out.columns ?? 80);
    const height = Math.max(4, out.rows ?? 10);
    let lines = trace.steps.flatMap((step) => linesOf(step, all));
    const { completed, total } = trace;
    const seconds = trace.started === undefined ? 0 : Math.max(0, now() - trace.started) / 1000;
    const state = all && completed > 0 && completed === total ? ' FINISHED' : '';
    const title = `[+] ${doing} ${seconds.toFixed(1)}s (${completed}/${total})${state}`;
    const place = builder ? printableLine(`${builder.driver}:${builder.name}`) : '';
    const fits = title.length + place.length < width;
    const rows = [fits ? title + place.padStart(width - title.length) : cutToWidth(title, width).padEnd(width)];
    const running = lines.filter((line) => line.running).length;
    // running steps show their output where there is room for it
    let room = height - 2 - running;
    const outputLines = Math.min(logLines, Math.max(LOG_LINES, height - LOG_LINES - 1));
    if (!all) lines = keepRunning(lines, height - 2);
    for (const line of lines) {
      rows.push(paint(format(line, width), line.style === 'plain' ? '' : (colors?.[line.style] ?? '')));
      if (!line.running || !line.step || all || room < outputLines) continue;
      const output = (logs.get(line.step)?.lines ?? []).filter((text) => text.trim() !== '').slice(-outputLines);
      room -= output.length;
      for (const text of output) rows.push(paint(padded(cutToWidth(` => => # ${text}`, width), width), '\x1b[2m'));
    }
    if (!all) rows.splice(height - 1);
    const cleared = Math.max(0, drawn - rows.length);
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    const blank = `${' '.repeat(width)}\n`.repeat(cleared);
    const back = cleared > 0 ? `\x1b[${cleared}A` : '';
    out.write(`\x1b[?25l${up}\r${rows.join('\n')}\n${blank}${back}\x1b[?25h`);
    drawn = rows.length;
  };

  return {
    update(update) {
      const { started } = update.vertexes.find((vertex) => vertex.started !== undefined) ?? {};
      if (clock === undefined && started !== undefined) clock = Date.now() - started;
      trace.update(update);
      for (const log of update.logs) {
        const step = trace.stepOf(log.vertex);
        if (!step) continue;
        const known = logs.get(step) ?? { text: createLogText(true), lines: [''] };
        logs.set(step, known);
        const [first = '', ...others] = lastLines(known.text.add(log), keptLines);
        known.lines[known.lines.length - 1] = overwrite(known.lines.at(-1)!, first);
        for (const line of others) known.lines.push(overwrite('', line));
        known.lines = known.lines.slice(-keptLines);
      }
    },
    refresh: () => draw(false),
    done() {
      draw(true);
      for (const step of trace.steps) {
        if (!step.error || isCanceled(step)) continue;
        out.write(`------\n > ${nameOf(step)}:\n`);
        for (const line of (logs.get(step)?.lines ?? []).filter((text, i, all) => text !== '' || i < all.length - 1))
          out.write(`${line}\n`);
        out.write('------\n');
      }
    },
  };
}

function nameOf({ name }: Step): string {
  return printableLine(redactCredentials(name));
}

/** The end of a text, as far as it is shown: whole lines, but for the first one. */
function lastLines(text: string, lines: number): string[] {
  let start = text.length;
  for (let count = 0; count <= lines && start > 0; count++) start = text.lastIndexOf('\n', start - 1);
  return text.slice(Math.max(0, start)).split('\n');
}

/** A line that goes on. A carriage return starts it anew, as progress bars do. */
function overwrite(line: string, more: string): string {
  const text = more.replace(/\r$/, '');
  const start = text.lastIndexOf('\r') + 1;
  const added = withoutSequences(text.slice(start).slice(-LINE_LENGTH)).replaceAll('\t', ' ');
  return (start > 0 ? added : line + added).slice(-LINE_LENGTH);
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

function format(line: Line, width: number): string {
  const timer = ` ${(line.seconds < 0.05 ? 0 : line.seconds).toFixed(1).padStart(3)}s`;
  const left = width - 4 - timer.length;
  const status = left - line.status.length > 20 ? line.status : '';
  const text = cutToWidth(line.text, left - status.length) + status;
  return ` => ${padded(text, left)}${timer}`;
}

/** Keeps what runs, and of the rest the latest. */
function keepRunning(lines: Line[], height: number): Line[] {
  let surplus = lines.length - height;
  if (surplus <= 0) return lines;
  return lines.filter((line) => line.running || surplus-- <= 0);
}
