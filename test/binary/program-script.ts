/** Runs in the engine: for each line of JSON on standard input it gives a build program modules and messages. */
import { on, startEventLoop } from '../../engine/event-loop.ts';
import { openStandardStreams } from '../../engine/standard-streams.ts';

export interface Turn {
  /** Modules by their names. */
  readonly define?: Readonly<Record<string, string>>;
  /** Messages, one after the other. */
  readonly send?: readonly string[];
}

export interface Answer {
  readonly messages: readonly string[];
  /** What the last message has thrown; the others are not sent then. */
  readonly error?: string;
  readonly stack?: string;
}

function take({ define = {}, send = [] }: Turn): Answer {
  const messages: string[] = [];
  try {
    for (const [name, source] of Object.entries(define)) native.defineModule(name, source);
    for (const message of send) native.sendToProgram(message, (answer) => messages.push(answer));
    return { messages };
  } catch (error) {
    if (!(error instanceof Error)) return { messages, error: 'no Error' };
    return { messages, error: error.message, stack: error.stack ?? '' };
  }
}

startEventLoop();
on('start', () => {
  const stream = openStandardStreams();
  const say = (value: unknown, then?: () => void) =>
    stream.write(native.encodeText(`${JSON.stringify(value)}\n`), then);
  on('failure', (value) => say({ failure: String(value) }, () => native.exit(1)));
  let unread = '';
  stream.listen({
    data(bytes) {
      unread += native.decodeText(bytes);
      const lines = unread.split('\n');
      unread = lines.pop()!;
      for (const line of lines) say(take(JSON.parse(line)));
    },
    closed: () => native.exit(0),
  });
});
