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

const neverEnds =
  'the build program waits for something that never comes: a promise that nothing resolves. ' +
  'Look for a new Promise that calls neither of its functions.';

/** The name of a module in a run. The first run uses the module's own name. */
const instanceName = (name: string, run: number) => (run === 1 ? name : `${name}?${run}`);

/** The name of a module, from that of its instance. */
export const moduleName = (instance: string) => instance.replace(/\?\d+$/, '');

/** The engine as a run uses it. */
interface RunEngine {
  /** Resolves when the program rests again. @throws Error as the engine says it */
  send(message: string): Promise<void>;
  /** The error to report for an error of `send`: a `ProgramFailed` if the program threw it. */
  failureOf(error: Error): Error;
  close(): void;
}

/**
 * A run of the program. A message makes the program run until it waits; meanwhile it asks and tells. The run ends with
 * its result when the program rests, or with the first failure.
 */
class ProgramRun {
  /** How the run ends. */
  readonly result: Promise<ProgramResult>;
  private readonly end = Promise.withResolvers<ProgramResult>();
  private readonly events: ProgramEvents;
  private readonly questionLimit: number;
  private readonly engine: RunEngine;
  private hasEnded = false;
  /** The result that the program has sent. It counts unless something fails before the program rests. */
  private given: ProgramResult | undefined;
  private asked = 0;
  /** Number of questions without a reply. */
  private openQuestions = 0;
  /** Number of messages that the program still works on. */
  private openSends = 0;
  private logs = 0;
  /** Replies come in the order of the questions: no program sees which answer is the fastest. */
  private replied = Promise.resolve();

  constructor(events: ProgramEvents, questionLimit: number, engine: RunEngine) {
    this.events = events;
    this.questionLimit = questionLimit;
    this.engine = engine;
    this.result = this.end.promise;
    events.signal?.addEventListener('abort', this.abort);
  }

  private readonly abort = () => {
    this.engine.close();
    this.fail(this.events.signal!.reason);
  };

  private finish(): void {
    this.hasEnded = true;
    this.events.signal?.removeEventListener('abort', this.abort);
  }

  private fail(error: unknown): void {
    this.finish();
    this.end.reject(error);
  }

  /** Gives the program a message, and ends the run if it has nothing left to do. */
  send(message: object): void {
    this.openSends++;
    this.engine.send(JSON.stringify(message)).then(
      () => {
        this.openSends--;
        this.endIfAtRest();
      },
      (error) => this.fail(this.engine.failureOf(error)),
    );
  }

  private endIfAtRest(): void {
    if (this.hasEnded) return;
    if (this.given) {
      this.finish();
      this.end.resolve(this.given);
    } else if (this.openSends === 0 && this.openQuestions === 0) this.fail(new Error(neverEnds));
  }

  /** Takes a message of the program. */
  receive(json: string): void {
    if (this.hasEnded) return;
    let message: ProgramMessage;
    try {
      message = readMessage(json);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (message.type === 'result') this.given = message;
    else if (message.type === 'failed') this.fail(new ProgramFailed(message));
    else if (message.type === 'log') {
      if (this.logs++ < maxLogs) this.events.log(message);
    } else this.reply(message.id, message.question);
  }

  private reply(id: number, question: Question): void {
    this.openQuestions++;
    const given = this.answer(question).then(
      (value) => ({ value }),
      (error) => ({ error: errorMessage(error) }),
    );
    this.replied = this.replied.then(async () => {
      const answer = await given;
      if (this.hasEnded) return;
      this.openQuestions--;
      this.send({ type: 'answer', id, ...answer });
    });
  }

  /** Refuses questions beyond the limit in the program, which knows their lines, and ends it if it keeps asking. */
  private async answer(question: Question): Promise<unknown> {
    if (++this.asked <= this.questionLimit) return this.events.answer(question);
    const error = new Error(tooManyQuestions(this.questionLimit));
    if (this.asked > 2 * this.questionLimit) this.fail(error);
    throw error;
  }
}

/** Runs a program, one run after the other, because all runs have one engine. */
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

  /** A `ProgramFailed` for what the program threw and did not catch; other errors as they are. */
  function failureOf(error: Error): Error {
    const places = placesIn(error.stack).filter(({ module }) =>
      modules.some(({ name }) => name === moduleName(module)),
    );
    return places.length > 0 ? new ProgramFailed({ message: error.message, places }) : error;
  }

  async function run(request: RunRequest, events: ProgramEvents): Promise<ProgramResult> {
    events.signal?.throwIfAborted();
    if (isClosed) throw new Error('the build has ended');
    engine ??= host.openProgramEngine((message) => receive(message));
    const opened = engine;
    const number = ++runs;
    for (const module of modules)
      opened.define(
        instanceName(module.name, number),
        instanceOf(module, (name) => instanceName(name, number)),
      );
    const current = new ProgramRun(events, questionLimit, {
      send: (message) => opened.send(message),
      failureOf,
      close() {
        opened.close();
        engine = undefined;
      },
    });
    receive = (message) => current.receive(message);
    const [main] = modules as readonly [Module];
    const module = instanceName(main.name, number);
    current.send({ type: 'run', module, exports: exportsOf(main.code), ...request } satisfies RunMessage);
    return current.result;
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
