/** The connection to the frontend, which is all that a program can reach. */
import type { AnswerMessage, ProgramMessage, ProgramNative, Question, RunMessage } from './protocol.ts';

const { native, parse, stringify } = takeNative();
const waiting = new Map<number, { resolve(value: unknown): void; reject(message: string): void }>();
let last = 0;

/** Takes the object away from the program, before any of it runs. It is absent where this module is not in a build. */
function takeNative() {
  const scope = globalThis as { program?: ProgramNative };
  const program = scope.program;
  delete scope.program;
  return { native: program, parse: JSON.parse, stringify: JSON.stringify };
}

/** Sends a message. */
export function send(message: ProgramMessage): void {
  if (!native)
    throw new Error(
      'tsfront/build works in a build program: build it with `docker build -f build.ts .` or `tsfront build -f build.ts .`',
    );
  native.send(stringify(message));
}

/** Asks the frontend. @throws Error with its words if it cannot answer */
export function ask(question: Question): Promise<unknown> {
  const failure = new Error(); // made here because it has the line that asks
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject: (message) => reject(Object.assign(failure, { message })) });
    send({ type: 'question', id: last, question });
  });
}

/** Whether this module is in a build. */
export const isInBuild = native !== undefined;

/** Begins to listen. */
export function listen(run: (message: RunMessage) => void): void {
  native?.listen((text) => {
    const message = parse(text) as RunMessage | AnswerMessage;
    if (message.type === 'run') return run(message);
    const question = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error !== undefined) question?.reject(message.error);
    else question?.resolve(message.value);
  });
}
