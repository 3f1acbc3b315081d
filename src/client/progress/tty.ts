/**
 * The progress of a build on a terminal: one line for each step, drawn anew as it goes on.
 *
 * Terminals do not agree on how wide an emoji or a rare script is, and they change their size while we draw. So a line
 * never wraps by itself: wrapping is off while we draw, and what stands at the right is put there by its column.
 */
import { printableLine, withoutSequences } from '../../text/printable.ts';
import { redactCredentials } from '../../text/redact.ts';
import { cutToWidth, displayWidth, expandTabs } from '../../text/width.ts';
import type { Colors } from './colors.ts';
import type { Display, Output, ShownBuilder } from './display.ts';
import { formatProgress } from './format.ts';
import { createLogText, type LogText, unfinishedSequence } from './log-text.ts';
import { MAX_WARNINGS } from './source.ts';
import { createTrace, duration, isCanceled, isCompleted, type Step, visibleStatuses } from './trace.ts';

/** Lines of output that a running step shows, unless it is said otherwise. */
const LOG_LINES = 6;
/** Lines of a failed step that are repeated at the end, */
const ERROR_LINES = 50;
/** each at most so long. */
const LINE_LENGTH = 4096;
/** The size of a terminal that does not know it. */
const UNKNOWN_SIZE = { width: 80, height: 10 };
/** A line shows its time where so many columns are left for its text. */
const MIN_TEXT = 12;
/** What a line of output begins with. */
const OUTPUT = ' => => # ';

const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_LINE = '\x1b[2K';
const CLEAR_BELOW = '\x1b[J';

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
  /** The columns of each row that is on the screen. */
  let drawn: readonly number[] = [];
  /** The difference between the daemon's clock and ours. */
  let clock: number | undefined;
  const now = () => Date.now() - (clock ?? 0);

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
    const { width, height } = sizeOf(out);
    let lines = trace.steps.flatMap((step) => linesOf(step, all));
    const { completed, total } = trace;
    const seconds = trace.started === undefined ? 0 : Math.max(0, now() - trace.started) / 1000;
    const state = all && completed > 0 && completed === total ? ' FINISHED' : '';
    const title = `[+] ${doing} ${seconds.toFixed(1)}s (${completed}/${total})${state}`;
    const place = builder ? printableLine(`${builder.driver}:${builder.name}`) : '';
    const rows = [toRow(title, title.length + displayWidth(place) < width ? place : '', width)];
    const running = lines.filter((line) => line.running).length;
    // running steps show their output where there is room for it
    let room = height - 2 - running;
    const outputLines = Math.min(logLines, Math.max(LOG_LINES, height - LOG_LINES - 1));
    if (!all) lines = keepRunning(lines, height - 2);
    for (const line of lines) {
      rows.push(format(line, width, line.style === 'plain' ? '' : (colors?.[line.style] ?? '')));
      if (!line.running || !line.step || all || room < outputLines) continue;
      const output = lastRows(logs.get(line.step)?.lines ?? [], width - OUTPUT.length, outputLines);
      room -= output.length;
      for (const text of output) rows.push(toRow(OUTPUT + text, '', width, colors && '\x1b[2m'));
    }
    if (!all) rows.splice(Math.max(0, height - 1)); // the cursor stands below them
    const up = rowsOnScreen(drawn, width);
    const back = up > 0 ? `\x1b[${up}A` : '';
    const text = rows.map((row) => `\r${CLEAR_LINE}${row.text}\n`).join('');
    out.write(`${HIDE_CURSOR}${NO_WRAP}${back}${text}\r${CLEAR_BELOW}${WRAP}${SHOW_CURSOR}`);
    drawn = rows.map(({ columns }) => columns);
  };

  return {
    update(update) {
      const { started } = update.vertexes.find((vertex) => vertex.started !== undefined) ?? {};
      if (clock === undefined && started !== undefined) clock = Date.now() - started;
      trace.update(update);
      for (const log of update.logs) {
        const step = trace.stepOf(log.vertex);
        if (!step) continue;
        const known = logs.get(step) ?? { text: createLogText(unfinishedSequence), lines: [''] };
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

/** A line that goes on. A carriage return starts it anew, as progress bars do, and a backspace goes back, as spinners do. */
function overwrite(line: string, more: string): string {
  const text = more.replace(/\r+$/, '');
  const start = text.lastIndexOf('\r') + 1;
  const [first = '', ...others] = text.slice(start).slice(-LINE_LENGTH).split('\b');
  let whole = (start > 0 ? '' : line) + withoutSequences(first);
  for (const part of others) whole = whole.slice(0, -1) + withoutSequences(part);
  return whole.slice(-LINE_LENGTH);
}

/** The end of a step's output, wrapped to so many columns; blank lines are left out. */
function lastRows(lines: readonly string[], columns: number, count: number): string[] {
  const rows: string[] = [];
  for (let i = lines.length - 1; i >= 0 && rows.length < count; i--) {
    if (lines[i]!.trim() === '') continue;
    rows.unshift(...wrap(expandTabs(lines[i]!).trimEnd(), columns));
  }
  return rows.slice(-count);
}

function wrap(line: string, columns: number): string[] {
  const rows: string[] = [];
  let rest = line;
  do {
    const row = cutToWidth(rest, columns);
    rows.push(row);
    if (row === '') break; // not even one character fits
    rest = rest.slice(row.length);
  } while (rest !== '');
  return rows;
}

/** A row of the screen, and the columns that it takes. */
interface Row {
  readonly text: string;
  readonly columns: number;
}

/** @param sequence the colour of the row; none by default */
function toRow(left: string, right: string, width: number, sequence = ''): Row {
  const text = cutToWidth(left, width - right.length);
  const paint = (it: string) => (sequence && it ? `${sequence}${it}\x1b[0m` : it);
  if (right === '') return { text: paint(text), columns: displayWidth(text) };
  return { text: `${paint(text)}\x1b[${width - displayWidth(right) + 1}G${paint(right)}`, columns: width };
}

function format(line: Line, width: number, sequence: string): Row {
  const timer = ` ${(line.seconds < 0.05 ? 0 : line.seconds).toFixed(1).padStart(3)}s`;
  const left = width - 4 - timer.length;
  const text = line.text.slice(0, LINE_LENGTH);
  if (left < MIN_TEXT) return toRow(` => ${text}`, '', width, sequence);
  const status = left - line.status.length > 20 ? line.status : '';
  return toRow(` => ${cutToWidth(text, left - status.length)}${status}`, timer, width, sequence);
}

function sizeOf({ columns, rows }: Output): { width: number; height: number } {
  return columns && rows ? { width: columns, height: rows } : UNKNOWN_SIZE;
}

/** How many rows of a screen of that width are taken by rows drawn before: terminals wrap them when they get narrower. */
function rowsOnScreen(drawn: readonly number[], width: number): number {
  return drawn.reduce((sum, columns) => sum + Math.max(1, Math.ceil(columns / width)), 0);
}

/** Keeps what runs, and of the rest the latest. */
function keepRunning(lines: Line[], height: number): Line[] {
  let surplus = lines.length - height;
  if (surplus <= 0) return lines;
  return lines.filter((line) => line.running || surplus-- <= 0);
}
