/** The commands' access to the process: environment, signals, standard streams. Tests pass their own. */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DisplayStream } from '../client/progress/display.ts';
import { UsageError } from '../offline/usage-error.ts';
import { wantsColor } from '../text/color.ts';
import { type HideSecrets, hideValuesOf } from '../text/hide-secrets.ts';
import { escapeControls, printable, printableWithColors } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { isGitHubActions, withoutCommands } from '../text/workflow-commands.ts';
import { exitPatienceMs, type Interrupts, interruptedCode, listenToSignals, untilAborted } from './interrupt.ts';
import { isHungUp, type TerminalStream, terminalOutputs } from './terminal.ts';

/**
 * `print` and `writeStderr` write text for people: they escape control sequences, remove credentials from addresses,
 * and hide secrets. `writeStdout` writes results for programs.
 */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT, SIGTERM and SIGHUP; the reason is an `Interrupted`. */
  readonly signal: AbortSignal;
  /** Standard input, for what is passed on while it comes, such as an archive. */
  readonly stdin: Readable;
  /**
   * Everything on standard input.
   * @param maxBytes no limit by default
   * @throws UsageError for more than `maxBytes`; the signal's reason when it is aborted
   */
  readStdin(maxBytes?: number): Promise<Uint8Array>;
  /**
   * The next line of standard input, without its end; undefined at the end of the input.
   * @throws the signal's reason when it is aborted
   */
  readLine(): Promise<string | undefined>;
  /**
   * Writes a result for programs to standard output: bytes, JSON, a digest. On a terminal, control characters in text
   * are escaped as in JSON. Resolves when it is written, or when the reader of a pipe has closed it.
   * @throws Error if it cannot be written
   */
  writeStdout(data: string | Uint8Array): Promise<void>;
  /** Writes text for people to standard output, otherwise as {@link writeStdout}. */
  print(text: string): Promise<void>;
  /** Writes text for people to standard error. Failures are ignored. */
  writeStderr(text: string): void;
  /**
   * Removes credentials from addresses in a text, and hides tokens and what {@link addSecrets} was given. Lengths may
   * change.
   */
  hide(text: string): string;
  /** Hides from now on the values among these that have names of secrets: build arguments. */
  addSecrets(named: Iterable<readonly [name: string, value: string]>): void;
  /** Standard error for displays, which escape text themselves because they write control sequences. */
  readonly stderr: DisplayStream;
  /** Standard output for displays. */
  readonly stdout: DisplayStream;
  /** Whether standard output is a terminal. */
  readonly stdoutIsTerminal: boolean;
  readonly stdoutHasColor: boolean;
  readonly stderrHasColor: boolean;
}

/** Streams that an {@link Io} writes to. */
export interface IoStreams {
  /** Resolves when the data is written. */
  writeStdout(data: string | Uint8Array): Promise<void>;
  readonly stderr: DisplayStream;
  readonly stdout: DisplayStream;
  readonly stdoutHasColor: boolean;
  readonly stderrHasColor: boolean;
}

/** Makes the writers for text for people and for results for programs. */
export function ioWriters(
  streams: IoStreams,
  env: Io['env'],
): Pick<Io, keyof IoStreams | 'print' | 'writeStderr' | 'hide' | 'addSecrets' | 'stdoutIsTerminal'> {
  const { stdout, stderr, stdoutHasColor, stderrHasColor } = streams;
  const isRead = isGitHubActions(env);
  const secrets = new Map<string, readonly [string, string]>();
  let hide: HideSecrets = redactCredentials;
  const forPeople = (text: string, color: boolean) => {
    const shown = (color ? printableWithColors : printable)(hide(text));
    return isRead ? withoutCommands(shown) : shown;
  };
  const stdoutIsTerminal = stdout.isTTY === true;
  return {
    ...streams,
    stdoutIsTerminal,
    hide: (text) => hide(text),
    addSecrets(named) {
      for (const pair of named) secrets.set(pair.join('='), pair);
      const values = hideValuesOf([...secrets.values()]);
      hide = (text) => redactCredentials(values(text));
    },
    writeStdout: (data) =>
      streams.writeStdout(stdoutIsTerminal && typeof data === 'string' ? escapeControls(data) : data),
    print: (text) => streams.writeStdout(forPeople(text, stdoutHasColor)),
    writeStderr: (text) => void stderr.write(forPeople(text, stderrHasColor)),
  };
}

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
  const { env, stdin, stdout: out, stderr: err } = process;
  let interrupts: Interrupts | undefined;
  const listen = () => {
    interrupts ??= listenToSignals(); // on first use: until then a signal ends the process
    return interrupts;
  };
  const interrupted = () => listen().signal;
  const hangUpOf = (stream: Parameters<typeof isHungUp>[0]) => {
    if (isHungUp(stream)) listen().hangUp();
  };
  let failed: Error | undefined;
  const onError = (error: NodeJS.ErrnoException, stream: NodeJS.WriteStream) => {
    hangUpOf(stream);
    if (stream === out && !isReaderGone(error)) failed ??= error;
  };
  const toTerminal = terminalOutputs(onError);
  const [stdout, stderr] = [out, err].map((stream) => {
    // Without a listener, an error would end the process.
    stream.on('error', (error) => onError(error, stream));
    return stream.isTTY ? toTerminal(stream as TerminalStream) : stream;
  }) as [NodeJS.WriteStream, NodeJS.WriteStream];
  if (stdin.isTTY) for (const event of ['end', 'error']) stdin.once(event, () => hangUpOf(stdin));
  const hasColor = (stream: DisplayStream) => wantsColor(stream.isTTY === true, env);
  const streams = {
    stdout,
    stderr,
    stdoutHasColor: hasColor(stdout),
    stderrHasColor: hasColor(stderr),
    writeStdout: (data: string | Uint8Array) => {
      const writing = new Promise<void>((resolve, reject) => {
        stdout.write(data, (error) => {
          if (!error || isReaderGone(error)) resolve();
          else reject(new Error(`cannot write to standard output: ${error.message}`, { cause: error }));
        });
      });
      return untilAborted(writing, interrupted()); // the pipe may never be read
    },
  };
  return {
    ...ioWriters(streams, env),
    env,
    stdin,
    get signal() {
      return interrupted();
    },
    async readStdin(maxBytes = Number.POSITIVE_INFINITY) {
      const read = async () => {
        const chunks: Uint8Array[] = [];
        let bytes = 0;
        for await (const chunk of stdin as AsyncIterable<Uint8Array>) {
          bytes += chunk.length;
          if (bytes > maxBytes)
            throw new UsageError(`standard input has more than ${maxBytes} bytes, the most that it may have here`);
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
      };
      return untilAborted(read(), interrupted());
    },
    async readLine() {
      return untilAborted(firstLine(stdin), interrupted());
    },
    async end(code) {
      const write = (stream: NodeJS.WriteStream, text: string) =>
        new Promise<void>((resolve) => void (stream.destroyed ? resolve() : stream.write(text, () => resolve())));
      const writeAll = async () => {
        await write(stdout, '');
        const fails = failed !== undefined && code === 0;
        await write(stderr, fails ? `error: cannot write to standard output: ${failed?.message}\n` : '');
        return fails ? 1 : code;
      };
      const written = writeAll();
      const signal = interrupted();
      const atEnd = await untilAborted(written, signal).catch(() => Promise.race([written, sleep(exitPatienceMs)]));
      return atEnd === undefined || (failed && signal.aborted) ? interruptedCode(signal) : atEnd;
    },
  };
}

/** Maximum length in bytes of a line that {@link Io.readLine} reads. */
const maxLineBytes = 4096;

async function firstLine(stream: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  let text = '';
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString('latin1');
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end).replace(/\r$/, '');
    if (text.length > maxLineBytes) return text;
  }
  return text === '' ? undefined : text;
}

/** Whether the reader of a pipe has closed it. Later writes fail because the stream is destroyed. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
