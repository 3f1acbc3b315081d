/** The instructions and the form of what follows each. */
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

/** Instructions that here-documents can be attached to. */
const withHeredocs: ReadonlySet<string> = new Set(['add', 'copy', 'run']);

/** Upper-case names of all instructions. */
export const instructionNames: readonly string[] = [...forms.keys()].map((name) => name.toUpperCase());

/** Name and form of the instruction that a keyword stands for, whatever its casing; '' and `unknown` if none. */
export function lookUpKeyword(keyword: string): { name: string; form: Form } {
  const name = toLower(keyword);
  const form = forms.get(name);
  return form ? { name, form } : { name: '', form: 'unknown' };
}

export function canHaveHeredocs(name: string): boolean {
  return withHeredocs.has(name);
}
