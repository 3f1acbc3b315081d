/**
 * The progress of a build on a terminal: one line for each step, redrawn as it progresses.
 *
 * Terminals disagree on the width of emoji and rare scripts, and they may be resized during a redraw. Line wrapping is
 * therefore off while we draw, and text at the right is positioned by its column.
 */
import { printableLine, withoutSequences } from '../../text/printable.ts';
import { cutToWidth, displayWidth, expandTabs } from '../../text/width.ts';
import type { VertexLog } from '../status.ts';
import type { Colors } from './colors.ts';
import type { Display, DisplayStream, ShownBuilder } from './display.ts';
import { createLogText, type LogText, unfinishedSequence } from './log-text.ts';
import { type DisplayStep, isCanceled, Trace } from './trace.ts';
import { keepRunning, type Line, nameOf, stepLines } from './tty-lines.ts';

/** Lines of output that a running step shows, unless it is said otherwise. */
const defaultLogLines = 6;
/** Maximum number of lines of a failed step that are repeated at the end. */
const errorLines = 50;
/** Maximum number of characters of such a line. */
const lineLength = 4096;
/** The size of a terminal that does not know it. */
const unknownSize = { width: 80, height: 10 };
/** A line shows its time if this many columns remain for its text. */
const minText = 12;
/** The prefix of a line of output. */
const outputMark = ' => => # ';

const noWrap = '\x1b[?7l';
const wrapOn = '\x1b[?7h';
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearLine = '\x1b[2K';
const clearBelow = '\x1b[J';

/** Options of the display on a terminal. */
export interface TtyOptions {
  /** Without them, the display has no colours. */
  readonly colors?: Colors | undefined;
  /** Number of lines of output that a running step shows if there is room; 6 by default. */
  readonly logLines?: number | undefined;
  readonly title?: string;
  readonly builder?: ShownBuilder | undefined;
}

/** A display that redraws the steps on a terminal. */
export function ttyDisplay(
  out: DisplayStream,
  { colors, logLines = defaultLogLines, title: doing = 'Building', builder }: TtyOptions,
): Display {
  const trace = new Trace();
  const outputs = new Map<DisplayStep, StepOutput>();
  const keptLines = Math.max(errorLines, logLines);
  /** The columns of each row that is on the screen. */
  let drawn: readonly number[] = [];
  /** The difference between the daemon's clock and ours. */
  let clock: number | undefined;
  const now = () => Date.now() - (clock ?? 0);

  const draw = (all: boolean) => {
    const { width, height } = sizeOf(out);
    let lines = trace.steps.flatMap((step) => stepLines(step, all, now()));
    const { completed, total } = trace;
    const seconds = trace.started === undefined ? 0 : Math.max(0, now() - trace.started) / 1000;
    const state = all && completed > 0 && completed === total ? ' FINISHED' : '';
    const title = `[+] ${doing} ${seconds.toFixed(1)}s (${completed}/${total})${state}`;
    const place = builder ? printableLine(`${builder.driver}:${builder.name}`) : '';
    const rows = [toRow(title, title.length + displayWidth(place) < width ? place : '', width)];
    const running = lines.filter((line) => line.running).length;
    // Running steps show their output if there is room for it.
    let room = height - 2 - running;
    const outputLines = Math.min(logLines, Math.max(defaultLogLines, height - defaultLogLines - 1));
    if (!all) lines = keepRunning(lines, height - 2);
    for (const line of lines) {
      rows.push(format(line, width, line.style === 'plain' ? '' : (colors?.[line.style] ?? '')));
      if (!line.running || !line.step || all || room < outputLines) continue;
      const output = lastRows(outputs.get(line.step)?.lines ?? [], width - outputMark.length, outputLines);
      room -= output.length;
      for (const text of output) rows.push(toRow(outputMark + text, '', width, colors && '\x1b[2m'));
    }
    if (!all) rows.splice(Math.max(0, height - 1)); // the cursor is below them
    const up = rowsOnScreen(drawn, width);
    const back = up > 0 ? `\x1b[${up}A` : '';
    const text = rows.map((row) => `\r${clearLine}${row.text}\n`).join('');
    out.write(`${hideCursor}${noWrap}${back}${text}\r${clearBelow}${wrapOn}${showCursor}`);
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
        const output = outputs.get(step) ?? { text: createLogText(unfinishedSequence), lines: [''] };
        outputs.set(step, output);
        addLog(output, log, keptLines);
      }
    },
    refresh: () => draw(false),
    done() {
      draw(true);
      for (const step of trace.steps)
        if (step.error && !isCanceled(step)) out.write(failedOutput(step, outputs.get(step)?.lines ?? []));
    },
  };
}

/** The output of a step. */
interface StepOutput {
  readonly text: LogText;
  /** The last lines; the very last one may go on. */
  lines: string[];
}

function addLog(output: StepOutput, log: VertexLog, keptLines: number): void {
  const [first = '', ...others] = lastLines(output.text.add(log), keptLines);
  output.lines[output.lines.length - 1] = overwrite(output.lines.at(-1)!, first);
  for (const line of others) output.lines.push(overwrite('', line));
  output.lines = output.lines.slice(-keptLines);
}

/** The output of a failed step, which is repeated at the end. */
function failedOutput(step: DisplayStep, lines: readonly string[]): string {
  const shown = lines.filter((text, i) => text !== '' || i < lines.length - 1);
  return `------\n > ${nameOf(step)}:\n${shown.map((line) => `${line}\n`).join('')}------\n`;
}

/** The end of a text, as far as it is shown: whole lines, but for the first one. */
function lastLines(text: string, lines: number): string[] {
  let start = text.length;
  for (let count = 0; count <= lines && start > 0; count++) start = text.lastIndexOf('\n', start - 1);
  return text.slice(Math.max(0, start)).split('\n');
}

/**
 * Continues a line. A carriage return overwrites it from the start, as progress bars do, and a backspace moves back, as
 * spinners do.
 */
function overwrite(line: string, more: string): string {
  const text = more.replace(/\r+$/, '');
  const start = text.lastIndexOf('\r') + 1;
  const [first = '', ...others] = text.slice(start).slice(-lineLength).split('\b');
  let whole = (start > 0 ? '' : line) + withoutSequences(first);
  for (const part of others) whole = whole.slice(0, -1) + withoutSequences(part);
  return whole.slice(-lineLength);
}

/** The last lines of a step's output, wrapped to the given columns, without blank lines. */
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
  const text = line.text.slice(0, lineLength);
  if (left < minText) return toRow(` => ${text}`, '', width, sequence);
  const status = left - line.status.length > 20 ? line.status : '';
  return toRow(` => ${cutToWidth(text, left - status.length)}${status}`, timer, width, sequence);
}

function sizeOf({ columns, rows }: DisplayStream): { width: number; height: number } {
  return columns && rows ? { width: columns, height: rows } : unknownSize;
}

/**
 * The number of rows that earlier rows occupy on a screen of this width: terminals wrap them when they get narrower.
 */
function rowsOnScreen(drawn: readonly number[], width: number): number {
  return drawn.reduce((sum, columns) => sum + Math.max(1, Math.ceil(columns / width)), 0);
}
