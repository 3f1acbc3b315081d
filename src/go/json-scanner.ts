/** Cuts JSON into keys, scalars and brackets, with the errors of Go's scanner. */
import { quote } from './quote.ts';
import { encodeText } from './text.ts';

/** A JSON value that has no parts. */
export type JsonScalar =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** `text` has the digits as written. */
  | { readonly kind: 'number'; readonly text: string }
  | ({ readonly kind: 'string' } & JsonString);

interface JsonString {
  readonly value: string;
  /** The text between the quotes, with its escapes. */
  readonly raw: string;
}

/** Reads a text from its start. The caller keeps the containers and says what may come next. */
export class JsonScanner {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * The next character that is not a blank. It is not taken.
   * @throws Error at the end of the text
   */
  next(): string {
    this.skipBlanks();
    if (this.at >= this.text.length) throw unexpectedEnd();
    return this.text[this.at]!;
  }

  /** Takes one character. */
  skip(): void {
    this.at++;
  }

  /** Reads a member's key and the colon. */
  key(): string {
    if (this.next() !== '"') throw this.unexpected('looking for beginning of object key string');
    const { value } = this.string();
    if (this.next() !== ':') throw this.unexpected('after object key');
    this.at++;
    return value;
  }

  /** Takes the bracket that opens an array or object; undefined if a scalar comes next. */
  opening(): 'array' | 'object' | undefined {
    const char = this.next();
    if (char !== '[' && char !== '{') return undefined;
    this.at++;
    return char === '[' ? 'array' : 'object';
  }

  /** Takes what follows an element: true for the bracket that closes its container, false for a comma. */
  closes(kind: 'array' | 'object'): boolean {
    const char = this.next();
    const close = char === (kind === 'array' ? ']' : '}');
    if (!close && char !== ',')
      throw this.unexpected(kind === 'array' ? 'after array element' : 'after object key:value pair');
    this.at++;
    return close;
  }

  /** Takes a string, number, boolean or null. */
  scalar(): JsonScalar {
    const char = this.next();
    if (char === '"') return { kind: 'string', ...this.string() };
    if (char === '-' || isDigit(char.charCodeAt(0))) return { kind: 'number', text: this.number() };
    if (char !== 't' && char !== 'f' && char !== 'n') throw this.unexpected('looking for beginning of value');
    this.literal(char === 't' ? 'true' : char === 'f' ? 'false' : 'null');
    return char === 'n' ? { kind: 'null' } : { kind: 'bool', value: char === 't' };
  }

  /** Requires that the text ends here. @throws Error if more than blanks is left */
  end(): void {
    this.skipBlanks();
    if (this.at < this.text.length) throw this.unexpected('after top-level value');
  }

  /** The error for the character that was taken last. */
  unexpectedBefore(context: string): Error {
    return this.unexpected(context, this.at - 1);
  }

  /** Go reports the end of the input as a blank, where a blank is an error. */
  private unexpected(context: string, position = this.at): Error {
    const shown = position < this.text.length ? quoteFirstByte(this.text, position) : "' '";
    return new Error(`invalid character ${shown} ${context}`);
  }

  private skipBlanks(): void {
    while (isBlank(this.text.charCodeAt(this.at))) this.at++;
  }

  private string(): JsonString {
    const from = ++this.at;
    let escaped = false;
    for (; ; this.at++) {
      const unit = this.text.charCodeAt(this.at);
      if (unit === 0x22) break;
      if (unit === 0x5c) {
        escaped = true;
        this.skipEscape();
      } else if (unit < 0x20) throw this.unexpected('in string literal');
      else if (this.at >= this.text.length) throw unexpectedEnd();
    }
    const raw = this.text.slice(from, this.at++);
    const wellFormed = raw.toWellFormed();
    return { value: escaped ? unescapeString(wellFormed) : wellFormed, raw };
  }

  private skipEscape(): void {
    const char = this.text[++this.at];
    if (char === undefined || !'bfnrt\\/"u'.includes(char)) throw this.unexpected('in string escape code');
    if (char !== 'u') return;
    for (let digits = 0; digits < 4; digits++) {
      if (!/^[\da-fA-F]$/.test(this.text[++this.at] ?? ''))
        throw this.unexpected('in \\u hexadecimal character escape');
    }
  }

  private number(): string {
    const from = this.at;
    this.skipIf('-');
    if (!this.skipIf('0')) this.digits('in numeric literal');
    if (this.skipIf('.')) this.digits('after decimal point in numeric literal');
    if (this.skipIf('e', 'E')) {
      this.skipIf('+', '-');
      this.digits('in exponent of numeric literal');
    }
    return this.text.slice(from, this.at);
  }

  private digits(context: string): void {
    if (!isDigit(this.text.charCodeAt(this.at))) throw this.unexpected(context);
    while (isDigit(this.text.charCodeAt(this.at))) this.at++;
  }

  private skipIf(...wanted: readonly string[]): boolean {
    const found = wanted.includes(this.text[this.at] ?? '');
    if (found) this.at++;
    return found;
  }

  /** Reads `true`, `false` or `null`, whose first character is known. */
  private literal(word: string): void {
    for (const [index, char] of Array.from(word).entries()) {
      if (index > 0 && this.text[this.at] !== char) throw this.unexpected(`in literal ${word} (expecting '${char}')`);
      this.at++;
    }
  }
}

function unexpectedEnd(): Error {
  return new Error('unexpected end of JSON input');
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

const simpleEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescapeString(raw: string): string {
  return raw
    .replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_, code: string | undefined, char: string) =>
      code === undefined ? (simpleEscapes[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
    )
    .toWellFormed();
}

/** Go looks at one byte and shows it as if it were a Latin-1 character. */
function quoteFirstByte(text: string, at: number): string {
  const byte = encodeText(String.fromCodePoint(text.codePointAt(at)!))[0]!;
  const char = String.fromCharCode(byte);
  if (char === "'") return "'\\''";
  if (char === '"') return "'\"'";
  return `'${quote(char).slice(1, -1)}'`;
}
