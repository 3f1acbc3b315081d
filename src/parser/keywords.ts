/** The instructions, and the form of their arguments. */
import { toLower } from '../go/unicode.ts';
import type { Form } from './tokens.ts';

/** An instruction: its lower-case name, and the form of its arguments. */
interface Keyword {
  readonly name: string;
  readonly form: Form;
}

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['add', 'list'],
  ['arg', 'names'],
  ['cmd', 'command'],
  ['copy', 'list'],
  ['entrypoint', 'command'],
  ['env', 'pairs'],
  ['expose', 'words'],
  ['from', 'from'],
  ['healthcheck', 'healthcheck'],
  ['label', 'pairs'],
  ['maintainer', 'text'],
  ['onbuild', 'onbuild'],
  ['run', 'command'],
  ['shell', 'command'],
  ['stopsignal', 'text'],
  ['user', 'text'],
  ['volume', 'list'],
  ['workdir', 'text'],
]);

/** Instructions that can have here-documents. */
const withHeredocs: ReadonlySet<string> = new Set(['add', 'copy', 'run']);

/** Upper-case names of all instructions. */
export const instructionNames: readonly string[] = [...forms.keys()].map((name) => name.toUpperCase());

/** By the names in lower and in upper case. */
const keywords: ReadonlyMap<string, Keyword> = new Map(
  [...forms].flatMap(([name, form]) => [name, name.toUpperCase()].map((key) => [key, { name, form }] as const)),
);
const unknown: Keyword = { name: '', form: 'unknown' };

/** Finds the instruction of a keyword, which may depend on what follows it. */
export type KeywordLookup = (keyword: string, rest: string) => Keyword;

/** The instruction with this keyword in any casing; '' and `unknown` if there is no such instruction. */
export function lookUpKeyword(keyword: string): Keyword {
  return keywords.get(keyword) ?? keywords.get(toLower(keyword)) ?? unknown;
}

/** Whether an instruction, by its lower-case name, can have here-documents. */
export function canHaveHeredocs(name: string): boolean {
  return withHeredocs.has(name);
}

/** The keyword that a word begins with and that lacks a space after it; undefined if no keyword is joined. */
export function joinedKeyword(word: string): string | undefined {
  // Many commands of a shell begin like other instructions in small letters.
  const names = [...instructionNames, 'from'];
  return names.find((name) => word.startsWith(name) && word.length > name.length);
}
