/**
 * Takes away what would make a build depend on the moment: the clock and random numbers. What is left of Date works
 * with given times, in UTC.
 */
import { programConsole } from './console.ts';

const refuse = (what: string, instead: string) =>
  function refused(): never {
    throw new Error(`${what} differs from build to build, so a build program cannot use it: ${instead}`);
  };

const noClock = refuse('the time', "pass a time as a build argument, such as arg('SOURCE_DATE_EPOCH')");

/** Changes the global scope. */
export function confine(): void {
  Math.random = refuse('Math.random', 'use a fixed value, or pass one as a build argument');
  const scope = globalThis as Record<string, unknown>;
  scope.Date = honestDate(Date);
  for (const name of ['WeakRef', 'FinalizationRegistry', 'performance', 'SharedArrayBuffer', 'Atomics'])
    delete scope[name];
  scope.console = programConsole;
}

function honestDate(real: DateConstructor): DateConstructor {
  const prototype = real.prototype as unknown as Record<string, unknown>;
  for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    prototype[`get${part}`] = prototype[`getUTC${part}`];
    if (part !== 'Day') prototype[`set${part}`] = prototype[`setUTC${part}`];
  }
  prototype.getTimezoneOffset = () => 0;
  for (const form of ['toString', 'toLocaleString']) prototype[form] = prototype.toUTCString;
  const inUtc = (text: string) => (/^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text) ? `${text}Z` : text);

  function HonestDate(this: unknown, ...given: readonly (string | number)[]): unknown {
    if (!new.target || given.length === 0) return noClock();
    const [first] = given;
    const time =
      given.length > 1
        ? [(real.UTC as (...parts: readonly unknown[]) => number)(...given)]
        : [typeof first === 'string' ? inUtc(first) : first];
    return Reflect.construct(real, time, new.target);
  }
  Object.assign(HonestDate, { now: noClock, UTC: real.UTC, parse: (text: string) => real.parse(inUtc(String(text))) });
  HonestDate.prototype = prototype;
  Object.defineProperty(prototype, 'constructor', { value: HonestDate });
  Object.defineProperty(HonestDate, 'name', { value: 'Date' });
  return HonestDate as unknown as DateConstructor;
}
