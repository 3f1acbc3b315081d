/**
 * Writing to terminals. Node's own streams wait in the middle of everything until a terminal takes what is written, and
 * one that its user has stopped (Ctrl-S) takes nothing: then no signal is heard and no daemon answered. These wait in a
 * thread.
 */
import { write } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty, type WriteStream } from 'node:tty';
import type { DisplayStream } from '../client/progress/display.ts';

/** A stream of the process with all that displays ask of it. */
export type TerminalOutput = Writable & Pick<DisplayStream, 'columns' | 'isTTY' | 'rows'>;

/** Standard output or standard error, if it is a terminal. */
export type TerminalStream = WriteStream & { readonly fd: number };

/** A terminal that was opened without waiting takes no more for now; it is asked again after so long. */
const retryMs = 20;

/**
 * Makes streams that replace standard output and standard error. Writes to both keep their order, because both may be
 * the same terminal.
 * @param onError called for text that cannot be written; the streams stay open
 */
export function terminalOutputs(
  onError: (error: NodeJS.ErrnoException, stream: TerminalStream) => void,
): (stream: TerminalStream) => TerminalOutput {
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return (stream) => {
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        inTurn(() => writeAll(stream.fd, chunk))
          .catch((error) => onError(error, stream))
          .then(() => done(), done);
      },
    });
    return Object.defineProperties(output, {
      isTTY: { value: true },
      columns: { get: () => stream.columns },
      rows: { get: () => stream.rows },
    }) as TerminalOutput;
  };
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await writeSome(fd, bytes, at);
}

function writeSome(fd: number, bytes: Buffer, at: number): Promise<number> {
  return new Promise((resolve, reject) =>
    write(fd, bytes, at, (error, written) => {
      if (!error) resolve(written);
      else if (error.code === 'EAGAIN') setTimeout(resolve, retryMs, 0);
      else reject(error);
    }),
  );
}

/** Whether a terminal is gone: its window was closed, or its connection has ended. */
export function isHungUp(stream: { readonly isTTY?: boolean | undefined; readonly fd?: number }): boolean {
  return stream.isTTY === true && !isatty(stream.fd ?? -1);
}
