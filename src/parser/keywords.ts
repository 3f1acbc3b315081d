/** The instructions, and the form of their arguments. */
import { toLower } from '../go/unicode.ts';
import type { Form } from './tokens.ts';

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

/** Name and form of the instruction with this keyword in any casing; '' and `unknown` if there is no such instruction. */
export function lookUpKeyword(keyword: string): { name: string; form: Form } {
  const name = toLower(keyword);
  const form = forms.get(name);
  return form ? { name, form } : { name: '', form: 'unknown' };
}

/** Whether an instruction, by its lower-case name, can have here-documents. */
export function canHaveHeredocs(name: string): boolean {
  return withHeredocs.has(name);
}
