/** Names what a program calls that is not a function: the engine says only where the call is. */
import type { FailureJson } from '../../build-program/protocol.ts';
import { suggest } from '../../text/suggest.ts';
import type { Module } from './load-modules.ts';
import { moduleName } from './run-program.ts';

/** The failure with the name of what is called, and what is probably meant; the same if it is about something else. */
export function explainCall(modules: readonly Module[], failure: FailureJson): FailureJson {
  const { methods, places } = failure;
  const [place] = places;
  if (!methods || !place) return failure;
  const code = modules.find(({ name }) => name === moduleName(place.module))?.code;
  const line = code?.split('\n')[place.line - 1] ?? '';
  const [name] = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(?=\s*\()/u.exec(line.slice(place.column - 1)) ?? [];
  if (name === undefined) return failure;
  const isMethod = line[place.column - 2] === '.';
  return {
    ...failure,
    message: `TypeError: ${isMethod ? '.' : ''}${name} is not a function`,
    ...(isMethod && hintFor(name, methods)),
  };
}

function hintFor(name: string, methods: readonly string[]): Pick<FailureJson, 'hint'> {
  if (methods.includes(name))
    return {
      hint: `Only stages and contexts have ${name}; this is something else. If it is a promise, await it: (await …).${name}(…).`,
    };
  const close = suggest(name, methods, true) ?? methods.find((method) => method.toLowerCase() === name.toLowerCase());
  return close === undefined ? {} : { hint: `Did you mean ${close}?` };
}
