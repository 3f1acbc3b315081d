/** The progress of a build as lines of text: `#3 [1/2] FROM …`, `#3 DONE 0.1s`. */
import { printable, printableLine, withColorsOnly, withoutSequences } from '../../text/printable.ts';
import { redactCredentials } from '../../text/redact.ts';
import { unfinishedMarker, withoutCommands, withoutMarkers, workflowCommand } from '../../text/workflow-commands.ts';
import type { StatusUpdate, VertexLog } from '../status.ts';
import type { Display, Output, ShownBuilder } from './display.ts';
import { formatProgress } from './format.ts';
import { createLogText, type LogText, unfinishedSequence } from './log-text.ts';
import { MAX_WARNINGS } from './source.ts';
import { completedAt, createTrace, duration, isCanceled, isCompleted, type Step, startedAt } from './trace.ts';

/** A status is repeated when it is that much further, */
const MIN_PROGRESS = 0.05;
/** or that many milliseconds later. */
const MIN_TIME_MS = 5000;
/** Lines of a failed step that are repeated at the end, */
const ERROR_LINES = 10;
/** each at most so long. */
const LINE_LENGTH = 16 << 10;
/** So many characters of a step wait until it is its turn. */
const MAX_WAITING = 1 << 20;
/** Of the output of a step that folds, so many lines stay in sight. */
const UNFOLDED_LINES = 10;
/** So many characters are written at once. */
const CHUNK = 64 << 10;

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

export interface PlainOptions {
  readonly color: boolean;
  readonly builder?: ShownBuilder | undefined;
  /** A runner of GitHub Actions, which reads the output, and whether the lines of a step after the first ten fold. */
  readonly runner?: { readonly folds: boolean } | undefined;
}

/**
 * To a file or pipe the output of steps goes as it is, as with buildx: programs and CI systems read it. On a terminal its
 * colours stay, if `color` is set, and nothing else in it acts on the terminal.
 */
export function plainDisplay(out: Output, { color, builder, runner }: PlainOptions): Display {
  const safe = runner ? withoutCommands : (text: string) => text;
  const nameOf = ({ name }: Step) => safe(printableLine(redactCredentials(name)));
  const errorOf = ({ error }: Step) => safe(printable(redactCredentials(error)));
  if (builder)
    out.write(
      `#0 building with "${printableLine(builder.name)}" instance using ${printableLine(builder.driver)} driver\n\n`,
    );
  const terminal = out.isTTY === true;
  const trace = createTrace();
  const printed = new Map<Step, Printed>();
  let changed = new Set<Step>();
  let current: Step | undefined;
  let count = 0;
  /** Lines of the current step since its name was printed, and whether the following ones are folded. */
  let lines = 0;
  let folded = false;

  /** What comes before a line of a step's output. */
  const fold = (step: Step, prefix: string): string => {
    if (!runner?.folds || folded || lines++ < UNFOLDED_LINES) return '';
    folded = true;
    return workflowCommand('group', `${prefix} ${nameOf(step)} (continued)`);
  };
  const endFold = () => {
    if (folded) out.write(workflowCommand('endgroup', ''));
    folded = false;
  };

  const printedOf = (step: Step): Printed => {
    let known = printed.get(step);
    if (!known) {
      known = {
        index: 0,
        text: createLogText(terminal ? unfinishedSequence : runner && unfinishedMarker),
        waiting: [],
        length: 0,
        partial: false,
        last: [],
        statuses: new Map(),
        changedStatuses: new Set(),
        warnings: 0,
      };
      printed.set(step, known);
    }
    return known;
  };

  const take = (update: StatusUpdate) => {
    for (const step of trace.update(update)) changed.add(step);
    for (const status of update.statuses) {
      const step = trace.stepOf(status.vertex);
      if (step) printedOf(step).changedStatuses.add(status.id);
    }
    for (const log of update.logs) {
      const step = trace.stepOf(log.vertex);
      if (step) takeLog(step, log);
    }
  };

  const takeLog = (step: Step, log: VertexLog) => {
    const known = printedOf(step);
    const seconds = (log.timestamp - startedAt(step)) / 1000;
    const time = `${seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1)} `;
    const text = forOutput(known.text.add(log));
    known.waiting.push({ time, text });
    known.length += text.length;
    if (known.length <= MAX_WAITING) return;
    if (step.intervals.size > 0 && !step.hidden) print(step);
    else wait(known, []); // nobody sees a step that is hidden or has not started
  };

  const wait = (known: Printed, waiting: Printed['waiting']) => {
    known.waiting = waiting;
    known.length = waiting.reduce((length, { text }) => length + text.length, 0);
  };

  /** A carriage return would overwrite the line's start on a terminal: what follows it is a line of its own. */
  const forOutput = (text: string) => {
    if (!terminal) return runner ? withoutMarkers(text) : text;
    return (color ? withColorsOnly : withoutSequences)(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
  };

  const print = (step: Step) => {
    const known = printedOf(step);
    if (known.index === 0) known.index = ++count;
    const prefix = `#${known.index}`;
    if (current !== step) {
      if (current) {
        const left = printedOf(current);
        if (left.partial) out.write('\n');
        left.partial = false;
        endFold();
        out.write(`#${left.index} ...\n`);
      }
      if (printed.size > 1 || current) out.write(count > 1 || current ? '\n' : '');
      out.write(`${prefix} ${nameOf(step)}\n`);
      lines = 0;
    }
    const openStatus = printStatuses(step, known, prefix);
    for (const warning of step.warnings.slice(known.warnings, MAX_WARNINGS))
      out.write(`${prefix} WARN: ${safe(printableLine(warning.short))}\n`);
    known.warnings = Math.min(step.warnings.length, MAX_WARNINGS);
    printLogs(step, known, prefix);
    changed.delete(step);
    current = step;
    if (!isCompleted(step) || openStatus) return;
    current = undefined;
    wait(known, [{ time: '', text: forOutput(known.text.end()) }]);
    printLogs(step, known, prefix);
    if (known.partial) out.write('\n');
    known.partial = false;
    endFold();
    if (step.error) out.write(isCanceled(step) ? `${prefix} CANCELED\n` : `${prefix} ERROR: ${errorOf(step)}\n`);
    else if (step.cached) out.write(`${prefix} CACHED\n`);
    else out.write(`${prefix} DONE ${duration(step, completedAt(step)).toFixed(1)}s\n`);
  };

  const printStatuses = (step: Step, known: Printed, prefix: string): boolean => {
    let open = false;
    for (const id of known.changedStatuses) {
      const status = step.statuses.get(id)!;
      const last = known.statuses.get(id);
      if (last && status.completed === undefined) {
        const progress = status.total > 0 ? (status.current - last.current) / status.total : 0;
        if (progress < MIN_PROGRESS && status.timestamp - last.timestamp < MIN_TIME_MS) continue;
      }
      known.statuses.set(id, { current: status.current, timestamp: status.timestamp });
      const seconds =
        status.started === undefined ? 0 : ((status.completed ?? status.timestamp) - status.started) / 1000;
      const time = seconds > 0.01 ? ` ${seconds.toFixed(1)}s` : '';
      const done = status.completed === undefined ? '' : ' done';
      if (status.completed === undefined) open = true;
      out.write(
        `${fold(step, prefix)}${prefix} ${safe(printableLine(redactCredentials(id)))}${formatProgress(status.current, status.total)}${time}${done}\n`,
      );
    }
    known.changedStatuses.clear();
    return open;
  };

  const printLogs = (step: Step, known: Printed, prefix: string) => {
    let chunk = '';
    for (const { time, text } of known.waiting) {
      for (let at = 0; at < text.length; ) {
        const end = text.indexOf('\n', at);
        const line = text.slice(at, end < 0 ? text.length : end);
        const start = known.partial ? known.last.pop()! : time;
        chunk += known.partial ? line : `${fold(step, prefix)}${prefix} ${time}${line}`;
        known.last.push((start + line).slice(0, LINE_LENGTH));
        if (known.last.length > ERROR_LINES) known.last.shift();
        known.partial = end < 0;
        if (!known.partial) chunk += colored(known.last.at(-1)!) ? '\x1b[0m\n' : '\n';
        at = known.partial ? text.length : end + 1;
        if (chunk.length < CHUNK) continue;
        out.write(chunk);
        chunk = '';
      }
    }
    if (chunk) out.write(chunk);
    wait(known, []);
  };

  /** Whether the colours of a line could go on in the next one. */
  const colored = (line: string) => terminal && line.includes('\x1b');

  /** Completed steps first, then the one that was printed last, or else the one that started first. */
  const refresh = () => {
    const waiting = [...changed].filter((step) => !step.hidden);
    const completed = waiting.filter(isCompleted).sort((a, b) => completedAt(a) - completedAt(b));
    if (current && completed.includes(current)) print(current);
    for (const step of completed) if (changed.has(step)) print(step);
    const running = waiting.filter((step) => changed.has(step));
    if (running.length === 0) return;
    if (current && running.includes(current)) print(current);
    else if (!current) print(running[0]!);
    else if (Date.now() - lastSwitch > MIN_TIME_MS) print(running[0]!);
    else return;
    lastSwitch = Date.now();
  };
  let lastSwitch = 0;

  return {
    update: take,
    refresh,
    done() {
      refresh();
      for (const step of changed) print(step);
      endFold();
      changed = new Set();
      for (const step of trace.steps) {
        const rest = step.warnings.length - MAX_WARNINGS;
        if (rest > 0) out.write(`#${printedOf(step).index} WARN: and ${rest} more\n`);
        if (!step.error || isCanceled(step)) continue;
        out.write(`------\n > ${nameOf(step)}:\n`);
        for (const line of printedOf(step).last) out.write(colored(line) ? `${line}\x1b[0m\n` : `${line}\n`);
        out.write('------\n');
      }
    },
  };
}
