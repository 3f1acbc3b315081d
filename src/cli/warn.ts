/** Warnings, each on a line of its own. */
import type { Io } from './io.ts';

type Report = Pick<Io, 'writeStderr'>;

/** Prints a warning to standard error. */
export function warn(message: string, io: Report): void {
  io.writeStderr(`WARNING: ${message}\n`);
}

/** Warns of each thing once, whoever tells of it. */
export function warnOnce(io: Report): (message: string) => void {
  const warned = new Set<string>();
  return (message) => {
    if (warned.has(message)) return;
    warned.add(message);
    warn(message, io);
  };
}
