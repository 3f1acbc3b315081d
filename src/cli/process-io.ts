/** The {@link Io} of this process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { wantsColor } from '../text/color.ts';
import { UsageError } from '../text/usage-error.ts';
import { exitPatienceMs, type Interrupts, interruptedCode, listenToSignals, untilAborted } from './interrupt.ts';
import { type Io, type IoStreams, ioWriters } from './io.ts';
import { isHungUp, type TerminalOutput, type TerminalStream, terminalOutputs } from './terminal.ts';

/** The streams and signals of this process. */
export interface ProcessIo extends Io {
  /**
   * Waits until all output is written; after a signal only for `exitPatienceMs`, because nobody may be reading it.
   * @returns the exit code: `code`, 1 if standard output could not be written, or the signal's if it came first
   */
  end(code: number): Promise<number>;
}

/**
 * Makes the `Io` of this process. Errors of standard error are ignored. An error of standard output fails the command,
 * unless the reader of a pipe has closed it.
 */
export function processIo(): ProcessIo {
  const { env, stdin } = process;
  let listening: Interrupts | undefined;
  const interrupts = () => (listening ??= listenToSignals()); // on first use: until then a signal ends the process
  const hungUp = (stream: MaybeTerminal) => {
    if (isHungUp(stream)) interrupts().hangUp();
  };
  if (stdin.isTTY) for (const event of ['end', 'error']) stdin.once(event, () => hungUp(stdin));
  const outputs = openOutputs(hungUp);
  return {
    ...ioWriters(
      streamsOf(outputs, env, () => interrupts().signal),
      env,
    ),
    env,
    stdin,
    get signal() {
      return interrupts().signal;
    },
    readStdin: async (maxBytes) => untilAborted(readAll(stdin, maxBytes), interrupts().signal),
    readLine: async () => untilAborted(firstLine(stdin), interrupts().signal),
    end: async (code) => endOutputs(outputs, code, interrupts().signal),
  };
}

type MaybeTerminal = Parameters<typeof isHungUp>[0];

/** Standard output and standard error. */
interface Outputs {
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
  /** The first error of standard output that fails the command. */
  failure(): Error | undefined;
}

/** @param onError called for each stream that has failed */
function openOutputs(onError: (stream: NodeJS.WriteStream) => void): Outputs {
  let failure: Error | undefined;
  const handleError = (error: NodeJS.ErrnoException, stream: NodeJS.WriteStream) => {
    onError(stream);
    if (stream === process.stdout && !isReaderGone(error)) failure ??= error;
  };
  const toTerminal = terminalOutputs(handleError);
  const open = (stream: NodeJS.WriteStream): TerminalOutput => {
    // Without a listener, an error would end the process.
    stream.on('error', (error) => handleError(error, stream));
    return stream.isTTY ? toTerminal(stream as TerminalStream) : stream;
  };
  return { stdout: open(process.stdout), stderr: open(process.stderr), failure: () => failure };
}

/** What writers write to. A write to standard output ends with the signal, because a pipe may never be read. */
function streamsOf({ stdout, stderr }: Outputs, env: Io['env'], signal: () => AbortSignal): IoStreams {
  return {
    stdout,
    stderr,
    stdoutHasColor: wantsColor(stdout.isTTY === true, env),
    stderrHasColor: wantsColor(stderr.isTTY === true, env),
    writeStdout: (data) => {
      const writing = new Promise<void>((resolve, reject) => {
        stdout.write(data, (error) => {
          if (!error || isReaderGone(error)) resolve();
          else reject(new Error(`cannot write to standard output: ${error.message}`, { cause: error }));
        });
      });
      return untilAborted(writing, signal());
    },
  };
}

/** Implements {@link Io.readStdin}. */
async function readAll(stdin: AsyncIterable<Uint8Array>, maxBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new UsageError(`standard input has more than ${maxBytes} bytes, the most that it may have here`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Maximum length in bytes of a line that {@link Io.readLine} reads. */
const maxLineBytes = 4096;

/** Implements {@link Io.readLine}. */
async function firstLine(stdin: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  let text = '';
  for await (const chunk of stdin) {
    text += Buffer.from(chunk).toString('latin1');
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end).replace(/\r$/, '');
    if (text.length > maxLineBytes) return text;
  }
  return text === '' ? undefined : text;
}

/** Implements {@link ProcessIo.end}. */
async function endOutputs(outputs: Outputs, code: number, signal: AbortSignal): Promise<number> {
  const written = writeRest(outputs, code);
  const atEnd = await untilAborted(written, signal).catch(() => Promise.race([written, sleep(exitPatienceMs)]));
  return atEnd === undefined || (outputs.failure() && signal.aborted) ? interruptedCode(signal) : atEnd;
}

/** Waits for what is not written yet, and reports a failure of standard output. @returns the exit code */
async function writeRest({ stdout, stderr, failure }: Outputs, code: number): Promise<number> {
  await writeText(stdout, '');
  const failed = code === 0 ? failure() : undefined;
  await writeText(stderr, failed ? `error: cannot write to standard output: ${failed.message}\n` : '');
  return failed ? 1 : code;
}

/** Resolves when the text is written; at once for a stream that takes no more. */
function writeText(stream: TerminalOutput, text: string): Promise<void> {
  return new Promise((resolve) => void (stream.destroyed ? resolve() : stream.write(text, () => resolve())));
}

/** Whether the reader of a pipe has closed it. Later writes fail because the stream is destroyed. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
