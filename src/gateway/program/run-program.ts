/** Runs a build program in its engine, and answers what it asks. */
import { host } from '#host';
import { placesIn } from '../../build-program/place.ts';
import type { FailureJson, PlatformParts, ProgramMessage, Question, RunMessage } from '../../build-program/protocol.ts';
import { exportsOf } from '../../program/imports.ts';
import { readMessage } from '../../program/messages.ts';
import { errorMessage } from '../../text/error-message.ts';
import { instanceOf, type Module } from './load-modules.ts';

/** What a run gives. */
export type ProgramResult = Extract<ProgramMessage, { type: 'result' }>;
/** A failure of the program's own code. */
export class ProgramFailed extends Error {
  readonly failure: FailureJson;
  constructor(failure: FailureJson) {
    super(failure.message);
    this.failure = failure;
  }
}

interface RunRequest {
  readonly target: string;
  readonly all: boolean;
  readonly inspects: boolean;
  readonly platforms: { readonly target: PlatformParts; readonly build: PlatformParts };
  readonly args: Readonly<Record<string, string>>;
}

/** The frontend as a program sees it. */
interface ProgramEvents {
  /** Answers a question. What it throws becomes an exception in the program. */
  answer(question: Question): Promise<unknown>;
  /** Takes what the program writes to the console. */
  log(message: Extract<ProgramMessage, { type: 'log' }>): void;
  /** Aborted when the result is no longer needed. */
  readonly signal?: AbortSignal | undefined;
}

/** Maximum number of lines that a program writes. */
const maxLogs = 1000;

/** Maximum number of questions of a run: each costs the program no steps, and the daemon some calls. */
const maxQuestions = 10_000;

const tooManyQuestions = (limit: number) =>
  `the build program asks too much: it may call readText, readJson, exists, glob, config and state ${limit} times. ` +
  'Look for a loop that does not end, or that reads the same again.';

/** The name of a module in a run: in the first one its own. */
const instanceName = (name: string, run: number) => (run === 1 ? name : `${name}?${run}`);

/** The name of a module, from that of its instance. */
export const moduleName = (instance: string) => instance.replace(/\?\d+$/, '');

/** Runs a program, one run after the other: its engine is one. */
export interface ProgramRunner {
  run(request: RunRequest, events: ProgramEvents): Promise<ProgramResult>;
  /** Ends the engine. Runs that have not ended fail. */
  close(): void;
}

/**
 * @param modules the program's own module is the first one
 * @param questionLimit replaces the limit of questions
 */
export function createRunner(modules: readonly Module[], questionLimit = maxQuestions): ProgramRunner {
  let engine: ReturnType<typeof host.openProgramEngine> | undefined;
  let receive: (message: string) => void = () => {};
  let runs = 0;
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();

  /** What the program threw where nothing catches it. */
  function failureOf(error: Error): Error {
    const places = placesIn(error.stack).filter(({ module }) =>
      modules.some(({ name }) => name === moduleName(module)),
    );
    return places.length > 0 ? new ProgramFailed({ message: error.message, places }) : error;
  }

  async function run(request: RunRequest, { answer, log, signal }: ProgramEvents): Promise<ProgramResult> {
    signal?.throwIfAborted();
    if (isClosed) throw new Error('the build has ended');
    engine ??= host.openProgramEngine((message) => receive(message));
    const opened = engine;
    const number = ++runs;
    for (const module of modules)
      opened.define(
        instanceName(module.name, number),
        instanceOf(module, (name) => instanceName(name, number)),
      );
    return await new Promise<ProgramResult>((resolve, reject) => {
      let asked = 0;
      let questions = 0; // that have no reply yet
      let sends = 0;
      let logs = 0;
      let isDone = false;
      let replied = Promise.resolve(); // in the order of the questions: no program sees which answer is the fastest
      // Counts if nothing else fails meanwhile, such as a promise that nobody awaits.
      let result: ProgramResult | undefined;
      const finish = (act: () => void) => {
        isDone = true;
        signal?.removeEventListener('abort', abort);
        act();
      };
      const abort = () => {
        opened.close();
        engine = undefined;
        finish(() => reject(signal!.reason));
      };
      signal?.addEventListener('abort', abort);
      const send = (message: object) => {
        sends++;
        opened.send(JSON.stringify(message)).then(
          () => {
            sends--;
            if (isDone) return;
            if (result) finish(() => resolve(result!));
            else if (sends === 0 && questions === 0)
              finish(() =>
                reject(
                  new Error(
                    'the build program waits for something that never comes: a promise that nothing resolves. Look for a new Promise that calls neither of its functions.',
                  ),
                ),
              );
          },
          (error) => finish(() => reject(failureOf(error))),
        );
      };
      const reply = (id: number, given: object) => {
        if (isDone) return;
        questions--;
        send({ type: 'answer', id, ...given });
      };
      /** Refuses questions beyond the limit in the program, which knows their lines, and ends it if it goes on. */
      const answerOf = async (question: Question) => {
        if (++asked <= questionLimit) return answer(question);
        const error = new Error(tooManyQuestions(questionLimit));
        if (asked > 2 * questionLimit) finish(() => reject(error));
        throw error;
      };
      receive = (json) => {
        if (isDone) return;
        let message: ProgramMessage;
        try {
          message = readMessage(json);
        } catch (error) {
          finish(() => reject(error));
          return;
        }
        if (message.type === 'result') result = message;
        else if (message.type === 'failed') finish(() => reject(new ProgramFailed(message)));
        else if (message.type === 'log') {
          if (logs++ < maxLogs) log(message);
        } else {
          const { id, question } = message;
          questions++;
          const given = answerOf(question).then(
            (value) => ({ value }),
            (error) => ({ error: errorMessage(error) }),
          );
          replied = replied.then(async () => reply(id, await given));
        }
      };
      const [main] = modules as readonly [Module];
      const module = instanceName(main.name, number);
      const start: RunMessage = { type: 'run', module, exports: exportsOf(main.code), ...request };
      send(start);
    });
  }

  return {
    run(request, events) {
      const result = last.then(() => run(request, events));
      last = result.catch(() => {});
      return result;
    },
    close() {
      isClosed = true;
      engine?.close();
    },
  };
}
