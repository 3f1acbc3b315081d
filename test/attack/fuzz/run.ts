/** Runs one target of the fuzzer over its share of the inputs. */
import { createRandom, hash, type Random } from './random.ts';

export interface Target {
  readonly name: string;
  /** So many inputs are tried where `FUZZ_INPUTS` is 20,000, its default. */
  readonly share: number;
  /** So many inputs are tried at a time, each in a lane of its own: for what waits. 1 if absent. */
  readonly lanes?: number;
  /**
   * Makes an input, tries it, and throws where a property does not hold. `tell` takes the input as soon as it is made.
   *
   * @param lane from 0
   */
  try(random: Random, tell: (input: string | Uint8Array) => void, lane: number): void | Promise<void>;
  close?(): Promise<void> | void;
}

export const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_128);
const total = Number(process.env['FUZZ_INPUTS'] ?? 20_000);
/** Tries one input alone, by the number that a failure tells. */
const only = process.env['FUZZ_INPUT'];

/** @throws Error that tells how to make the failing input again */
export async function fuzz(target: Target): Promise<number> {
  const count = Math.ceil((target.share * total) / 20_000);
  let next = only === undefined ? 0 : Number(only);
  const end = only === undefined ? count : next + 1;
  const runLane = async (lane: number) => {
    try {
      while (next < end) await tryInput(target, next++, lane);
    } finally {
      next = end; // after a failure the other lanes end, too
    }
  };
  await Promise.all(Array.from({ length: target.lanes ?? 1 }, (_, lane) => runLane(lane)));
  return count;
}

async function tryInput(target: Target, index: number, lane: number): Promise<void> {
  let input: string | Uint8Array = '';
  const tell = (made: string | Uint8Array) => {
    input = made;
  };
  try {
    await target.try(createRandom(hash(`${seed} ${target.name} ${index}`)), tell, lane);
  } catch (error) {
    const { stack, message } = error as Error;
    throw new Error(
      `${target.name}: ${message}\nagain: FUZZ_SEED=${seed} FUZZ_INPUT=${index} npx vitest run test/attack/fuzz.test.ts -t ${target.name}\ninput in base64: ${Buffer.from(input).toString('base64')}\n${stack}`,
      { cause: error },
    );
  }
}

/** Throws unless `condition` holds. */
export function hold(condition: boolean, property: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${property}`);
}

/** Errors that say a program is wrong, not its input. */
const ownMistakes = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * Runs something that may fail, but only with an error that people can use. @returns the error's message, if it fails
 */
export async function mayFail(run: () => unknown, message = /\S/): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return usable(error, message);
  }
}

/** The same at once, for what is synchronous. */
export function mayThrow(run: () => unknown, message = /\S/): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return usable(error, message);
  }
}

function usable(error: unknown, message: RegExp): string {
  if (!(error instanceof Error)) throw new Error(`what is thrown is not an error: ${String(error)}`);
  // Protobuf's reader says with a RangeError that a message breaks off.
  const breaksOff = error instanceof RangeError && error.message === 'premature EOF';
  if ((!breaksOff && ownMistakes.some((type) => error instanceof type)) || !message.test(error.message)) throw error;
  if (/undefined \(|is not a function|of undefined|of null|internal error/.test(error.message)) throw error;
  return error.message;
}
