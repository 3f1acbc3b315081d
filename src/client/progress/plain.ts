/** The progress of a build as lines of text: `#3 [1/2] FROM …`, `#3 DONE 0.1s`. */
import { printable, printableLine, withColorsOnly, withoutSequences } from '../../text/printable.ts';
import { redactCredentials } from '../../text/redact.ts';
import { unfinishedMarker, withoutCommands, withoutMarkers, workflowCommand } from '../../text/workflow-commands.ts';
import type { StatusUpdate, VertexLog } from '../status.ts';
import type { Display, DisplayStream, ShownBuilder } from './display.ts';
import { formatProgress } from './format.ts';
import { createLogText, type LogText, unfinishedSequence } from './log-text.ts';
import { maxWarnings } from './source-excerpt.ts';
import { completedAt, type DisplayStep, duration, isCanceled, isCompleted, startedAt, Trace } from './trace.ts';

/** A status is repeated when its share of the total has grown by this much. */
const minProgress = 0.05;
/** A status is repeated after this time in milliseconds even if it has grown by less. */
const minTimeMs = 5000;
/** Maximum number of lines of a failed step that are repeated at the end. */
const errorLines = 10;
/** Maximum number of characters of such a line. */
const lineLength = 16 << 10;
/** Characters of a step that wait for its turn. */
const maxWaiting = 1 << 20;
/** Lines that stay visible of the output of a step that folds. */
const unfoldedLines = 10;
/** Characters that are written at once. */
const chunkLength = 64 << 10;

interface Printed {
  index: number;
  text: LogText;
  /** Output not yet printed, with the time that its lines have. */
  waiting: { readonly time: string; readonly text: string }[];
  /** Characters of it. */
  length: number;
  /** Whether the last line printed waits for its end. */
  partial: boolean;
  /** The latest lines printed. */
  last: string[];
  statuses: Map<string, { current: number; timestamp: number }>;
  changedStatuses: Set<string>;
  warnings: number;
}

/** Options of the plain display. */
export interface PlainOptions {
  readonly color: boolean;
  readonly builder?: ShownBuilder | undefined;
  /** A runner of GitHub Actions, which reads the output, and whether the lines of a step after the first ten fold. */
  readonly runner?: { readonly folds: boolean } | undefined;
}

/**
 * To a file or pipe the output of steps goes as it is, as with buildx: programs and CI systems read it. On a terminal
 * its colours stay, if `color` is set, and nothing else in it acts on the terminal.
 */
export function plainDisplay(out: DisplayStream, options: PlainOptions): Display {
  return new PlainDisplay(out, options);
}

class PlainDisplay implements Display {
  private readonly out: DisplayStream;
  private readonly color: boolean;
  private readonly runner: PlainOptions['runner'];
  private readonly terminal: boolean;
  private readonly trace = new Trace();
  private readonly printed = new Map<DisplayStep, Printed>();
  private readonly changed = new Set<DisplayStep>();
  /** The step that was printed last, unless it has completed. */
  private current: DisplayStep | undefined;
  /** Steps that have a number. */
  private count = 0;
  /** Lines of the current step since its name was printed, and whether the following ones are folded. */
  private lines = 0;
  private folded = false;
  private lastSwitch = 0;

  constructor(out: DisplayStream, { color, builder, runner }: PlainOptions) {
    this.out = out;
    this.color = color;
    this.runner = runner;
    this.terminal = out.isTTY === true;
    if (!builder) return;
    const driver = printableLine(builder.driver);
    out.write(`#0 building with "${printableLine(builder.name)}" instance using ${driver} driver\n\n`);
  }

  update(update: StatusUpdate): void {
    for (const step of this.trace.update(update)) this.changed.add(step);
    for (const status of update.statuses) {
      const step = this.trace.stepOf(status.vertex);
      if (step) this.printedOf(step).changedStatuses.add(status.id);
    }
    for (const log of update.logs) {
      const step = this.trace.stepOf(log.vertex);
      if (step) this.takeLog(step, log);
    }
  }

  /** Prints completed steps first, then the one that was printed last, or else the one that started first. */
  refresh(): void {
    const { changed } = this;
    const waiting = [...changed].filter((step) => !step.hidden);
    const completed = waiting.filter(isCompleted).sort((a, b) => completedAt(a) - completedAt(b));
    if (this.current && completed.includes(this.current)) this.print(this.current);
    for (const step of completed) if (changed.has(step)) this.print(step);
    const running = waiting.filter((step) => changed.has(step));
    if (running.length === 0) return;
    if (this.current && running.includes(this.current)) this.print(this.current);
    else if (!this.current || Date.now() - this.lastSwitch > minTimeMs) this.print(running[0]!);
    else return;
    this.lastSwitch = Date.now();
  }

  done(): void {
    this.refresh();
    for (const step of this.changed) this.print(step);
    this.endFold();
    this.changed.clear();
    for (const step of this.trace.steps) {
      const printed = this.printedOf(step);
      const rest = step.warnings.length - maxWarnings;
      if (rest > 0) this.out.write(`#${printed.index} WARN: and ${rest} more\n`);
      if (!step.error || isCanceled(step)) continue;
      this.out.write(`------\n > ${this.nameOf(step)}:\n`);
      for (const line of printed.last) this.out.write(`${line}${this.lineEnd(line)}`);
      this.out.write('------\n');
    }
  }

  private printedOf(step: DisplayStep): Printed {
    let printed = this.printed.get(step);
    if (!printed) {
      printed = {
        index: 0,
        text: createLogText(this.terminal ? unfinishedSequence : this.runner && unfinishedMarker),
        waiting: [],
        length: 0,
        partial: false,
        last: [],
        statuses: new Map(),
        changedStatuses: new Set(),
        warnings: 0,
      };
      this.printed.set(step, printed);
    }
    return printed;
  }

  private takeLog(step: DisplayStep, log: VertexLog): void {
    const printed = this.printedOf(step);
    const seconds = (log.timestamp - startedAt(step)) / 1000;
    const time = `${seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1)} `;
    const text = this.forOutput(printed.text.add(log));
    printed.waiting.push({ time, text });
    printed.length += text.length;
    if (printed.length <= maxWaiting) return;
    if (step.intervals.size > 0 && !step.hidden) this.print(step);
    else wait(printed, []); // a step that is hidden or has not started is not shown
  }

  /** Prints what is new of a step, below its name if another one was printed last. */
  private print(step: DisplayStep): void {
    const { out } = this;
    const printed = this.printedOf(step);
    if (printed.index === 0) printed.index = ++this.count;
    const prefix = `#${printed.index}`;
    if (this.current !== step) this.switchTo(step, prefix);
    const openStatus = this.printStatuses(step, printed, prefix);
    for (const warning of step.warnings.slice(printed.warnings, maxWarnings))
      out.write(`${prefix} WARN: ${this.safe(printableLine(warning.short))}\n`);
    printed.warnings = Math.min(step.warnings.length, maxWarnings);
    this.printLogs(step, printed, prefix);
    this.changed.delete(step);
    this.current = step;
    if (isCompleted(step) && !openStatus) this.complete(step, printed, prefix);
  }

  private switchTo(step: DisplayStep, prefix: string): void {
    const { out, current } = this;
    if (current) {
      const previous = this.printedOf(current);
      if (previous.partial) out.write('\n');
      previous.partial = false;
      this.endFold();
      out.write(`#${previous.index} ...\n`);
    }
    if (current || (this.printed.size > 1 && this.count > 1)) out.write('\n');
    out.write(`${prefix} ${this.nameOf(step)}\n`);
    this.lines = 0;
  }

  private complete(step: DisplayStep, printed: Printed, prefix: string): void {
    const { out } = this;
    this.current = undefined;
    wait(printed, [{ time: '', text: this.forOutput(printed.text.end()) }]);
    this.printLogs(step, printed, prefix);
    if (printed.partial) out.write('\n');
    printed.partial = false;
    this.endFold();
    if (step.error) out.write(isCanceled(step) ? `${prefix} CANCELED\n` : `${prefix} ERROR: ${this.errorOf(step)}\n`);
    else if (step.cached) out.write(`${prefix} CACHED\n`);
    else out.write(`${prefix} DONE ${duration(step, completedAt(step)).toFixed(1)}s\n`);
  }

  /** @returns whether a status is not completed yet */
  private printStatuses(step: DisplayStep, printed: Printed, prefix: string): boolean {
    let open = false;
    for (const id of printed.changedStatuses) {
      const status = step.statuses.get(id)!;
      const last = printed.statuses.get(id);
      if (last && status.completed === undefined) {
        const progress = status.total > 0 ? (status.current - last.current) / status.total : 0;
        if (progress < minProgress && status.timestamp - last.timestamp < minTimeMs) continue;
      }
      printed.statuses.set(id, { current: status.current, timestamp: status.timestamp });
      const seconds =
        status.started === undefined ? 0 : ((status.completed ?? status.timestamp) - status.started) / 1000;
      const time = seconds > 0.01 ? ` ${seconds.toFixed(1)}s` : '';
      const done = status.completed === undefined ? '' : ' done';
      if (status.completed === undefined) open = true;
      const name = this.safe(printableLine(redactCredentials(id)));
      const progress = formatProgress(status.current, status.total);
      this.out.write(`${this.countLine(step, prefix)}${prefix} ${name}${progress}${time}${done}\n`);
    }
    printed.changedStatuses.clear();
    return open;
  }

  private printLogs(step: DisplayStep, printed: Printed, prefix: string): void {
    let chunk = '';
    for (const { time, text } of printed.waiting) {
      for (let at = 0; at < text.length; ) {
        const end = text.indexOf('\n', at);
        const line = text.slice(at, end < 0 ? text.length : end);
        const start = printed.partial ? printed.last.pop()! : time;
        chunk += printed.partial ? line : `${this.countLine(step, prefix)}${prefix} ${time}${line}`;
        printed.last.push((start + line).slice(0, lineLength));
        if (printed.last.length > errorLines) printed.last.shift();
        printed.partial = end < 0;
        if (!printed.partial) chunk += this.lineEnd(printed.last.at(-1)!);
        at = printed.partial ? text.length : end + 1;
        if (chunk.length < chunkLength) continue;
        this.out.write(chunk);
        chunk = '';
      }
    }
    if (chunk) this.out.write(chunk);
    wait(printed, []);
  }

  /** Counts a line of output. @returns the command that starts the fold before it; '' if none starts */
  private countLine(step: DisplayStep, prefix: string): string {
    if (!this.runner?.folds || this.folded || this.lines++ < unfoldedLines) return '';
    this.folded = true;
    return workflowCommand('group', `${prefix} ${this.nameOf(step)} (continued)`);
  }

  private endFold(): void {
    if (this.folded) this.out.write(workflowCommand('endgroup', ''));
    this.folded = false;
  }

  private nameOf({ name }: DisplayStep): string {
    return this.safe(printableLine(redactCredentials(name)));
  }

  private errorOf({ error }: DisplayStep): string {
    return this.safe(printable(redactCredentials(error)));
  }

  private safe(text: string): string {
    return this.runner ? withoutCommands(text) : text;
  }

  /** A carriage return would overwrite the line's start on a terminal: what follows it is a line of its own. */
  private forOutput(text: string): string {
    if (!this.terminal) return this.runner ? withoutMarkers(text) : text;
    return (this.color ? withColorsOnly : withoutSequences)(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
  }

  /** Ends a line, and the colours that could go on in the next one. */
  private lineEnd(line: string): string {
    return this.terminal && line.includes('\x1b') ? '\x1b[0m\n' : '\n';
  }
}

function wait(printed: Printed, waiting: Printed['waiting']): void {
  printed.waiting = waiting;
  printed.length = waiting.reduce((length, { text }) => length + text.length, 0);
}
