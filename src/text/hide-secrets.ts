/**
 * Hides secrets in texts that come from a build: tokens by their form, and the values of arguments and variables whose
 * names are those of secrets, wherever such a value stands. Each hidden character becomes a `•`, so that columns stay.
 */
import { closingLength } from './end-of-value.ts';
import { redactCredentials } from './redact.ts';
import { isSecretName } from './secret-name.ts';
import { hiddenLike, hideTokens } from './token-shapes.ts';

/** Hides the secrets of a build in a text. */
export type HideSecrets = (text: string) => string;

/** What stands in double quotes. A look-ahead and a reference take plain text as a whole: a line may have megabytes. */
const quotedText = String.raw`(?:(?=(?<plain>[^"\\]+))\k<plain>|\\[\s\S])*`;
/** A word of a shell or a Dockerfile, with quotes and continued lines. */
const word = String.raw`(?:"${quotedText}"|'[^']*'|["'][^\n]*|[\\\x60]\r?\n|\\[\s\S]|\x60|[^\s"'\\\x60]+)+`;
const names = String.raw`[\w.-]{0,60}?(?:apikey|api[_-]key|auth|credential|key|password|pword|passwd|passphrase|secret|token)[\w.-]{0,60}`;
/**
 * `NAME=value` with a name that may be one of a secret. Messages of BuildKit show `"ENV key=value"` and `key=value` as
 * forms.
 */
const assignment = new RegExp(String.raw`(?<![\w$.-])(${names})(\\?=)(?!value")(\\?${word})`, 'gi');
const formOfPair = 'key=value';
/** `"name": "value"` of JSON, also in quotes. */
const member = new RegExp(
  String.raw`(?<![\w$.-])(${names})(\\?["']\s{0,8}:\s{0,8}\\?["'])([^"'\n]{1,4096}?)(?=\\?["'])`,
  'gi',
);
/** `NAME=value` of ARG and ENV. */
const pair = new RegExp(String.raw`(?<![\w$.-])(\w{1,120})=(${word})`, 'g');
/** `--password value`. `--password=value` is an assignment. */
const flag = new RegExp(
  String.raw`(?<![\w-])--?((?:[\w-]{1,40}-)?(?:password|passwd|token|secret|api-?key))(\s{1,8})(?!-)(${word})`,
  'gi',
);
/** `"--password", "value"` of an array. */
const flagInArray =
  /(["'])--?(?:[\w-]{1,40}-)?(?:password|passwd|token|secret|api-?key)\1\s{0,8},\s{0,8}\1((?:\\.|(?!\1)[^\\\n]){1,4096})\1/gi;
/** `name: value` of YAML on a line of its own, also in a frame of code. */
const yamlLine =
  /^((?:[ \t>]{0,80}\d{1,9}[ \t]{0,4}\|)?[ \t]{0,80}(?:- {1,8})?)([\w.-]{1,120})(:[ \t]{1,8})((?![|>[{&*!#])(?:[^\s#]|(?<!\s)#|[^\S\n]+(?![\s#]))+)/gm;
/** The same in braces, or in the quotes of a command. */
const yamlMember =
  /((?:["'{,]|\\n)[ \t]{0,80})([\w.-]{1,120})(:[ \t]{1,8})((?![|>[{&*!])(?:\$\{[^{}\n]{0,200}\}|[^\s"'},\\]){1,4096})/g;
/** `machine host login user password value` of .netrc, on one line or on several. */
const netrc =
  /(\b(?:machine\s{1,80}\S{1,255}|default)\s{1,80}login\s{1,80}\S{1,255}\s{1,80}password\s{1,80})([^\s"'\\]{1,4096})/g;
/** `curl -u user:password`. */
const userFlag = /((?:^|\s)(?:-u|--user|--proxy-user)[\s=]["']?[^\s:"'$]{1,80}:)([^\s"'$]{1,256})/g;
/** `ENV NAME value`, whose value is the rest of the line. */
const oldEnv = /^([ \t]*(?:onbuild[ \t]+)?env[ \t]+)(\w{1,80})([ \t]+)(?!=)((?:[\\`]\r?\n|[\\`]|[^\n\\`]+)+)$/gim;
/** Lines that set arguments and variables. */
const setting = /^[ \t]*(?:onbuild[ \t]+)?(?:arg|env)[ \t]+((?:[\\`]\r?\n|[\\`]|[^\n\\`]+)+)$/gim;

/** Names in commands and files: as in ARG, and `_authToken`, `db.password`, `api-key`. */
const secretKey = /(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|credentials?)$/i;
const isSecretKey = (name: string) => isSecretName(name) || secretKey.test(name);

/** Whether a value is only a variable, which is not a secret: `$TOKEN`, `"${TOKEN:-}"`. */
const isVariable = (value: string) => /^["']?(?:\$\w+|\$\{[^{}]*\}|\$\([^()]*\))["']?$/.test(value);

/**
 * Makes what hides the secrets of a build.
 *
 * @param texts the Dockerfile, whose own ARG and ENV count
 * @param given names and values of arguments and variables, of which those with the names of secrets count
 */
export function hideSecretsOf(
  texts: Iterable<string>,
  given: Iterable<readonly [name: string, value: string]> = [],
): HideSecrets {
  const named = [...given];
  const values: string[] = [];
  for (const text of texts) {
    addSettings(text, (name, value) => named.push([name, value]));
    if (!mayAssign.test(text)) continue;
    // Outside of its place, nothing tells what the value is.
    for (const [, , value = ''] of text.matchAll(flagInArray)) values.push(value);
    for (const [, , value = ''] of text.matchAll(netrc)) values.push(value);
    for (const form of [yamlLine, yamlMember])
      for (const [, , name = '', , value = ''] of text.matchAll(form))
        if (isSecretKey(name)) values.push(unquoted(value));
  }
  const hideValues = hideAll([...secretsOf(named), ...values.filter((it) => !isVariable(it))]);
  return (text) => hideValues(hideAssignments(hideTokens(text)));
}

/**
 * Makes what hides the values among these that have the names of secrets, and nothing else.
 *
 * @param named names and values of arguments and variables
 */
export function hideValuesOf(named: Iterable<readonly [name: string, value: string]>): HideSecrets {
  return hideAll(secretsOf(named));
}

function secretsOf(named: Iterable<readonly [name: string, value: string]>): string[] {
  const secrets: string[] = [];
  for (const [name, value] of named) if (isSecretName(name)) secrets.push(value);
  return secrets;
}

/** Hides those of the values that seldom stand in ordinary text. */
const hideAll = (values: readonly string[]): HideSecrets =>
  hideEach(new Set(values.filter(isLongEnough).flatMap(formsOf)));

/** The same, and the credentials of addresses: for a text that need not keep its columns. */
export const hidingAddresses =
  (hide: HideSecrets): HideSecrets =>
  (text) =>
    redactCredentials(hide(text));

/** Minimum length of a value that is hidden wherever it stands. */
const minLength = 5;

/** Values that may stand in ordinary text are hidden only where they are assigned. */
const isLongEnough = (value: string) =>
  value.length >= 8 || (value.length >= minLength && /[a-z]/i.test(value) && /\d/.test(value));

/** A value as it is, as shells quote it, and as JSON has it. */
function formsOf(value: string): string[] {
  return [
    value,
    value.replace(/[^\w\n]/g, '\\$&'),
    value.replace(/["\\$`!]/g, '\\$&'),
    JSON.stringify(value).slice(1, -1),
  ];
}

/** Hides each of these values, in a text of any length and for any number of values. */
function hideEach(values: Iterable<string>): HideSecrets {
  const byStart = new Map<string, string[]>();
  const firsts = new Set<number>();
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    const start = value.slice(0, minLength);
    const same = byStart.get(start);
    if (same) same.push(value);
    else byStart.set(start, [value]);
    firsts.add(value.charCodeAt(0));
  }
  if (firsts.size === 0) return (text) => text;
  return (text) => {
    let result = '';
    let done = 0;
    for (let at = 0; at <= text.length - minLength; at++) {
      if (!firsts.has(text.charCodeAt(at))) continue;
      const found = byStart.get(text.slice(at, at + minLength))?.find((it) => text.startsWith(it, at));
      if (found === undefined) continue;
      result += text.slice(done, at) + hiddenLike(found);
      done = at + found.length;
      at = done - 1;
    }
    return done === 0 ? text : result + text.slice(done);
  };
}

/** Maximum length of all variables that are put into values. Beyond it they stay as they are written. */
const maxExpanded = 4 << 20;

/** Finds what ARG and ENV of a Dockerfile set, with the variables that are known in its order. */
function addSettings(text: string, add: (name: string, value: string) => void): void {
  const known = new Map<string, string>();
  let left = maxExpanded;
  const set = (name: string, written: string) => {
    const value = unquoted(written).replace(/\$(?:(\w+)|\{(\w+)(?::?-([^{}]*))?\})/g, (whole, plain, braced, other) => {
      const value = known.get(plain ?? braced) ?? other ?? whole;
      left -= value.length;
      return left < 0 ? whole : value;
    });
    known.set(name, value);
    add(name, value);
  };
  for (const [, rest = ''] of text.matchAll(setting)) {
    const old = /^(\w+)[ \t]+(?!=)([\s\S]+)$/.exec(rest);
    if (old && !rest.includes('=')) set(old[1]!, old[2]!.trim());
    for (const [, name = '', value = ''] of rest.matchAll(pair)) set(name, value);
  }
}

const quotedParts = new RegExp(String.raw`"(${quotedText})"|'([^']*)'|[\\\x60]\r?\n|\\([\s\S])`, 'g');

/** The value that a word stands for. */
function unquoted(word: string): string {
  return word.replace(quotedParts, (_, double, _plain, single, escaped) => {
    if (double !== undefined) return double.replace(/\\\r?\n/g, '').replace(/\\(["\\$`])/g, '$1');
    return single ?? escaped ?? '';
  });
}

function hideAssignments(text: string): string {
  if (!mayAssign.test(text)) return text;
  return text
    .replace(oldEnv, (whole, start: string, name: string, blank: string, value: string) =>
      isSecretName(name) && !value.includes('=') ? start + name + blank + hiddenValue(value) : whole,
    )
    .replace(assignment, (whole, name: string, sign: string, value: string, _plain, at: number, text: string) =>
      isSecretKey(name) && whole !== formOfPair ? name + sign + hiddenWord(value, addressBefore(text, at)) : whole,
    )
    .replace(member, (whole, name: string, sign: string, value: string) =>
      isSecretKey(name) && !isVariable(value) ? name + sign + hiddenLike(value) : whole,
    )
    .replace(
      flag,
      (whole: string, _name, _blank, value: string) => whole.slice(0, whole.length - value.length) + hiddenValue(value),
    )
    .replace(flagInArray, (whole, quote: string, value: string) =>
      isVariable(value) ? whole : whole.slice(0, -value.length - 1) + hiddenLike(value) + quote,
    )
    .replace(yamlLine, hideMember)
    .replace(yamlMember, hideMember)
    .replace(netrc, (_, start: string, password: string) => start + hiddenValue(password))
    .replace(userFlag, (_, start: string, password: string) => start + hiddenLike(password));
}

/** A quick test: every text with a secret that is assigned has one of these words, or the flag of curl. */
const mayAssign = /auth|credential|key|password|pword|passwd|passphrase|secret|token|-u|user/i;

/** Maximum length of the part of an address that is looked at. */
const maxAddress = 1000;

/** The address before a parameter, with the quote that it begins with; undefined if absent. */
function addressBefore(text: string, at: number): string | undefined {
  if (text[at - 1] !== '?' && text[at - 1] !== '&') return undefined;
  let start = at;
  while (start > 0 && at - start < maxAddress && !/[\s"'`]/.test(text[start - 1]!)) start--;
  if (!text.slice(start, at).includes('?')) return undefined;
  return text.slice(Math.max(0, start - 1), at);
}

/** The value hidden as far as it goes: in an address to the next parameter, or to the quote that ends the address. */
function hiddenWord(word: string, address: string | undefined): string {
  const quote = /^["']/.exec(address ?? '')?.[0];
  const ends = address === undefined ? [] : ['&', '#', ...(quote ?? '')].map((it) => word.indexOf(it));
  const length = Math.min(word.length, ...ends.filter((it) => it > 0));
  const value = word.slice(0, length);
  const end = length - (/["']$/.test(value) ? 0 : closingLength(value));
  return hiddenValue(word.slice(0, end)) + word.slice(end);
}

const hideMember = (whole: string, start: string, name: string, sign: string, value: string): string =>
  isSecretKey(name) ? start + name + sign + hiddenValue(value) : whole;

/** The value without its quotes hidden; a variable stays. */
function hiddenValue(value: string): string {
  if (isVariable(value)) return value;
  const [, before = '', inside = value, after = ''] = /^(\\?["'])([\s\S]*?)(\\?["'])$/.exec(value) ?? [];
  return before + hiddenLike(inside) + after;
}
