/** The commands' access to the process: environment, signals, standard streams. `process-io.ts` is the real one. */
import type { Readable } from 'node:stream';
import type { DisplayStream } from '../client/progress/display.ts';
import { type HideSecrets, hideValuesOf } from '../text/hide-secrets.ts';
import { escapeControls, printable, printableWithColors } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { isGitHubActions, withoutCommands } from '../text/workflow-commands.ts';

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
