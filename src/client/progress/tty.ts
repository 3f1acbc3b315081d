/**
 * The progress of a build on a terminal: one line for each step, redrawn as it progresses.
 *
 * Terminals disagree on the width of emoji and rare scripts, and they may be resized during a redraw. Line wrapping is
 * therefore off while we draw, and text at the right is positioned by its column.
 */
import { printableLine, withoutSequences } from '../../text/printable.ts';
import { cutToWidth, displayWidth, expandTabs } from '../../text/width.ts';
import type { StatusUpdate, VertexLog } from '../status.ts';
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
export function ttyDisplay(out: DisplayStream, options: TtyOptions): Display {
  return new TtyDisplay(out, options);
}

class TtyDisplay implements Display {
  private readonly out: DisplayStream;
  private readonly colors: Colors | undefined;
  private readonly logLines: number;
  private readonly title: string;
  /** The driver and the name of the builder. */
  private readonly place: string;
  private readonly trace = new Trace();
  private readonly outputs = new Map<DisplayStep, StepOutput>();
  /** The columns of each row that is on the screen. */
  private drawn: readonly number[] = [];
  /** The difference between the daemon's clock and ours. */
  private clock: number | undefined;

  constructor(out: DisplayStream, { colors, logLines = defaultLogLines, title = 'Building', builder }: TtyOptions) {
    this.out = out;
    this.colors = colors;
    this.logLines = logLines;
    this.title = title;
    this.place = builder ? printableLine(`${builder.driver}:${builder.name}`) : '';
  }

  update(update: StatusUpdate): void {
    const { started } = update.vertexes.find((vertex) => vertex.started !== undefined) ?? {};
    if (this.clock === undefined && started !== undefined) this.clock = Date.now() - started;
    this.trace.update(update);
    for (const log of update.logs) {
      const step = this.trace.stepOf(log.vertex);
      if (!step) continue;
      const output = this.outputs.get(step) ?? { text: createLogText(unfinishedSequence), lines: [''] };
      this.outputs.set(step, output);
      addLog(output, log, Math.max(errorLines, this.logLines));
    }
  }

  refresh(): void {
    const size = sizeOf(this.out);
    const rows = [this.titleRow(size.width, ''), ...this.runningRows(size)];
    this.draw(rows.slice(0, Math.max(0, size.height - 1)), size.width); // the cursor is below them
  }

  done(): void {
    const { width } = sizeOf(this.out);
    const { completed, total, steps } = this.trace;
    const state = completed > 0 && completed === total ? ' FINISHED' : '';
    const lines = steps.flatMap((step) => stepLines(step, true, this.now()));
    this.draw([this.titleRow(width, state), ...lines.map((line) => this.lineRow(line, width))], width);
    for (const step of steps)
      if (step.error && !isCanceled(step)) this.out.write(failedOutput(step, this.outputs.get(step)?.lines ?? []));
  }

  /** The time of the daemon. */
  private now(): number {
    return Date.now() - (this.clock ?? 0);
  }

  private titleRow(width: number, state: string): Row {
    const { started, completed, total } = this.trace;
    const seconds = started === undefined ? 0 : Math.max(0, this.now() - started) / 1000;
    const title = `[+] ${this.title} ${seconds.toFixed(1)}s (${completed}/${total})${state}`;
    return toRow(title, title.length + displayWidth(this.place) < width ? this.place : '', width);
  }

  private lineRow(line: Line, width: number): Row {
    return format(line, width, line.style === 'plain' ? '' : (this.colors?.[line.style] ?? ''));
  }

  /** The steps, and the output of those that run as far as there is room for it. */
  private runningRows({ width, height }: Size): Row[] {
    const lines = this.trace.steps.flatMap((step) => stepLines(step, false, this.now()));
    const outputLines = Math.min(this.logLines, Math.max(defaultLogLines, height - defaultLogLines - 1));
    let room = height - 2 - lines.filter((line) => line.running).length;
    const rows: Row[] = [];
    for (const line of keepRunning(lines, height - 2)) {
      rows.push(this.lineRow(line, width));
      if (!line.running || !line.step || room < outputLines) continue;
      const output = lastRows(this.outputs.get(line.step)?.lines ?? [], width - outputMark.length, outputLines);
      room -= output.length;
      for (const text of output) rows.push(toRow(outputMark + text, '', width, this.colors && '\x1b[2m'));
    }
    return rows;
  }

  /** Writes rows in the place of those on the screen. */
  private draw(rows: readonly Row[], width: number): void {
    const up = rowsOnScreen(this.drawn, width);
    const back = up > 0 ? `\x1b[${up}A` : '';
    const text = rows.map((row) => `\r${clearLine}${row.text}\n`).join('');
    this.out.write(`${hideCursor}${noWrap}${back}${text}\r${clearBelow}${wrapOn}${showCursor}`);
    this.drawn = rows.map(({ columns }) => columns);
  }
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

interface Size {
  readonly width: number;
  readonly height: number;
}

function sizeOf({ columns, rows }: DisplayStream): Size {
  return columns && rows ? { width: columns, height: rows } : unknownSize;
}

/**
 * The number of rows that earlier rows occupy on a screen of this width: terminals wrap them when they get narrower.
 */
function rowsOnScreen(drawn: readonly number[], width: number): number {
  return drawn.reduce((sum, columns) => sum + Math.max(1, Math.ceil(columns / width)), 0);
}
