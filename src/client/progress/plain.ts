/** The progress of a build as lines of text: `#3 [1/2] FROM …`, `#3 DONE 0.1s`. */
import type { StatusUpdate } from '../status.ts';
import type { Display, Output } from './display.ts';
import { formatProgress } from './format.ts';
import {
  completedAt,
  createTrace,
  duration,
  isCanceled,
  isCompleted,
  type Step,
  splitLog,
  startedAt,
} from './trace.ts';

/** A status is repeated when it is that much further, */
const MIN_PROGRESS = 0.05;
/** or that many milliseconds later. */
const MIN_TIME_MS = 5000;
/** Lines of a failed step that are repeated at the end. */
const ERROR_LINES = 10;

interface Printed {
  index: number;
  /** Lines not yet printed. */
  lines: string[];
  /** Whether the last line printed waits for its end. */
  partial: boolean;
  /** Whether the last line of `lines` waits for its end. */
  open: boolean;
  last: string[];
  statuses: Map<string, { current: number; timestamp: number }>;
  changedStatuses: Set<string>;
  warnings: number;
}

export function plainDisplay(out: Output): Display {
  const trace = createTrace();
  const printed = new Map<Step, Printed>();
  let changed = new Set<Step>();
  let current: Step | undefined;
  let count = 0;

  const printedOf = (step: Step): Printed => {
    let known = printed.get(step);
    if (!known) {
      known = {
        index: 0,
        lines: [],
        partial: false,
        open: false,
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
      if (!step) continue;
      const known = printedOf(step);
      const { lines, partial } = splitLog(log);
      const seconds = (log.timestamp - startedAt(step)) / 1000;
      const prefix = `${seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1)} `;
      for (const [i, line] of lines.entries()) {
        if (i === 0 && known.open && known.lines.length > 0) known.lines[known.lines.length - 1] += line;
        else if (i === 0 && known.open) known.lines.push(line);
        else known.lines.push(prefix + line);
      }
      known.open = partial;
    }
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
        out.write(`#${left.index} ...\n`);
      }
      if (printed.size > 1 || current) out.write(count > 1 || current ? '\n' : '');
      out.write(`${prefix} ${step.name}\n`);
    }
    const openStatus = printStatuses(step, known, prefix);
    for (const warning of step.warnings.slice(known.warnings)) out.write(`${prefix} WARN: ${warning.short}\n`);
    known.warnings = step.warnings.length;
    printLines(known, prefix);
    changed.delete(step);
    current = step;
    if (!isCompleted(step) || openStatus) return;
    current = undefined;
    if (known.partial) out.write('\n');
    known.partial = false;
    if (step.error) out.write(isCanceled(step) ? `${prefix} CANCELED\n` : `${prefix} ERROR: ${step.error}\n`);
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
      out.write(`${prefix} ${id}${formatProgress(status.current, status.total)}${time}${done}\n`);
    }
    known.changedStatuses.clear();
    return open;
  };

  const printLines = (known: Printed, prefix: string) => {
    for (const [i, line] of known.lines.entries()) {
      const continued = i === 0 && known.partial;
      out.write(continued ? line : `${prefix} ${line}`);
      if (continued) known.last.push((known.last.pop() ?? '') + line);
      else known.last.push(line);
      known.partial = known.open && i === known.lines.length - 1;
      if (!known.partial) out.write('\n');
    }
    if (known.lines.length === 0 && known.partial && !known.open) {
      out.write('\n');
      known.partial = false;
    }
    known.lines = [];
    known.last = known.last.slice(-ERROR_LINES);
  };

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
      changed = new Set();
      for (const step of trace.steps) {
        if (!step.error || isCanceled(step)) continue;
        out.write(`------\n > ${step.name}:\n`);
        for (const line of printedOf(step).last) out.write(`${line}\n`);
        out.write('------\n');
      }
    },
  };
}
