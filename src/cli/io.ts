/** What a command has to do with the world, so that tests can run it in their own process. */

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Everything on standard input. */
  readStdin(): Promise<Uint8Array>;
  /** Resolves when the data is written; a reader that went away is no error. */
  writeStdout(data: string | Uint8Array): Promise<void>;
  writeStderr(text: string): void;
  /** Whether people look at the output. */
  readonly stdoutIsTerminal: boolean;
  readonly stderrHasColor: boolean;
}

/** The streams of this process. */
export function processIo(): Io {
  const { env, stdin, stdout, stderr } = process;
  let signal: AbortSignal | undefined;
  return {
    env,
    get signal() {
      return (signal ??= interrupted());
    },
    async readStdin() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stdin) chunks.push(chunk as Uint8Array);
      return Buffer.concat(chunks);
    },
    writeStdout: (data) =>
      new Promise((resolve, reject) => {
        const done = (error?: Error | null) => {
          if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') resolve();
          else reject(error);
        };
        stdout.once('error', done);
        stdout.write(data, done);
      }),
    writeStderr: (line) => void stderr.write(line),
    stdoutIsTerminal: stdout.isTTY === true,
    stderrHasColor: stderr.isTTY === true && stderr.hasColors() && !env['NO_COLOR'],
  };
}

/** Aborted by Ctrl-C, SIGTERM and a closed terminal; a second signal ends the process at once. */
function interrupted(): AbortSignal {
  const abort = new AbortController();
  const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
  for (const [name, code] of Object.entries(codes))
    process.on(name, () => {
      if (abort.signal.aborted) process.exit(code);
      abort.abort(Object.assign(new Error(name === 'SIGTERM' ? 'terminated' : 'interrupted'), { exitCode: code }));
    });
  return abort.signal;
}
