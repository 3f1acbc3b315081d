/**
 * JSON as Go's encoding/json reads it: its error texts, one U+FFFD for every byte that is no UTF-8 and for every lone
 * surrogate escape, all members of an object kept (the last of equal keys counts), at most 10,000 levels.
 * It keeps its own stack, so that no input can exhaust the engine's.
 */
import { quote } from './quote.ts';
import { encodeText } from './text.ts';

export type JsonNode =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** The digits as they were written. */
  | { readonly kind: 'number'; readonly text: string }
  /** `raw` is what stands between the quotes. */
  | { readonly kind: 'string'; readonly value: string; readonly raw: string }
  | JsonArray
  | JsonObject;

export interface JsonArray {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
}

export interface JsonObject {
  readonly kind: 'object';
  readonly members: readonly (readonly [key: string, value: JsonNode])[];
}

type OpenContainer =
  | { kind: 'array'; items: JsonNode[] }
  | { kind: 'object'; members: (readonly [string, JsonNode])[]; key: string };

const maxDepth = 10_000;

/**
 * Parses a whole text.
 * @throws Error `invalid character 'x' after array element`, `unexpected end of JSON input` and the like
 */
export function parseJson(text: string): JsonNode {
  const scanner = createScanner(text);
  const open: OpenContainer[] = [];
  for (let first = false; ; ) {
    const container = open.at(-1);
    let value: JsonNode | undefined;
    // The first element of a container may be missing.
    if (first && scanner.next() === (container?.kind === 'array' ? ']' : '}')) {
      scanner.advance();
      value = open.pop();
    } else {
      if (container?.kind === 'object') container.key = scanner.key();
      const opened = scanner.opening();
      if (opened) {
        if (open.length === maxDepth) throw scanner.unexpectedBefore('exceeded max depth');
        open.push(opened);
        first = true;
        continue;
      }
      value = scanner.scalar();
    }
    // A value may close any number of containers.
    for (;;) {
      const parent = open.at(-1);
      if (!parent) return scanner.end(value!);
      if (parent.kind === 'array') parent.items.push(value!);
      else parent.members.push([parent.key, value!]);
      if (!scanner.closes(parent.kind)) break;
      value = open.pop();
    }
    first = false;
  }
}

function createScanner(text: string) {
  let at = 0;

  /** Go reports the end of the input as a blank, where a blank is an error. */
  const unexpected = (context: string, position = at) =>
    new Error(`invalid character ${position < text.length ? quoteFirstByte(text, position) : "' '"} ${context}`);
  const unexpectedEnd = () => new Error('unexpected end of JSON input');

  /** The next character that is no blank; it has to exist. */
  function next(): string {
    while (isBlank(text.charCodeAt(at))) at++;
    if (at >= text.length) throw unexpectedEnd();
    return text[at]!;
  }

  function string(): { value: string; raw: string } {
    const from = ++at;
    let escaped = false;
    for (; ; at++) {
      const unit = text.charCodeAt(at);
      if (unit === 0x22) break;
      if (unit === 0x5c) {
        escaped = true;
        skipEscape();
      } else if (unit < 0x20) throw unexpected('in string literal');
      else if (at >= text.length) throw unexpectedEnd();
    }
    const raw = text.slice(from, at++);
    const wellFormed = raw.toWellFormed();
    return { value: escaped ? unescapeString(wellFormed) : wellFormed, raw };
  }

  function skipEscape(): void {
    const char = text[++at];
    if (char === undefined || !'bfnrt\\/"u'.includes(char)) throw unexpected('in string escape code');
    if (char !== 'u') return;
    for (let digits = 0; digits < 4; digits++) {
      if (!/^[\da-fA-F]$/.test(text[++at] ?? '')) throw unexpected('in \\u hexadecimal character escape');
    }
  }

  function number(): string {
    const from = at;
    const digits = (context: string) => {
      if (!isDigit(text.charCodeAt(at))) throw unexpected(context);
      while (isDigit(text.charCodeAt(at))) at++;
    };
    if (text[at] === '-') at++;
    if (text[at] === '0') at++;
    else digits('in numeric literal');
    if (text[at] === '.') {
      at++;
      digits('after decimal point in numeric literal');
    }
    if (text[at] === 'e' || text[at] === 'E') {
      at++;
      if (text[at] === '+' || text[at] === '-') at++;
      digits('in exponent of numeric literal');
    }
    return text.slice(from, at);
  }

  function literal(word: string): void {
    for (const [index, char] of Array.from(word).entries()) {
      if (index > 0 && text[at] !== char) throw unexpected(`in literal ${word} (expecting '${char}')`);
      at++;
    }
  }

  return {
    next,
    advance(): void {
      at++;
    },
    unexpectedBefore(context: string): Error {
      return unexpected(context, at - 1);
    },

    /** Reads a member's key and the colon. */
    key(): string {
      if (next() !== '"') throw unexpected('looking for beginning of object key string');
      const { value } = string();
      if (next() !== ':') throw unexpected('after object key');
      at++;
      return value;
    },

    /** Enters an array or object if one begins here. */
    opening(): OpenContainer | undefined {
      const char = next();
      if (char !== '[' && char !== '{') return undefined;
      at++;
      return char === '[' ? { kind: 'array', items: [] } : { kind: 'object', members: [], key: '' };
    },

    scalar(): JsonNode {
      const char = next();
      if (char === '"') return { kind: 'string', ...string() };
      if (char === '-' || isDigit(char.charCodeAt(0))) return { kind: 'number', text: number() };
      if (char !== 't' && char !== 'f' && char !== 'n') throw unexpected('looking for beginning of value');
      literal(char === 't' ? 'true' : char === 'f' ? 'false' : 'null');
      return char === 'n' ? { kind: 'null' } : { kind: 'bool', value: char === 't' };
    },

    /** After an element: whether its container ends here; otherwise a comma was read. */
    closes(kind: 'array' | 'object'): boolean {
      const char = next();
      const close = char === (kind === 'array' ? ']' : '}');
      if (!close && char !== ',')
        throw unexpected(kind === 'array' ? 'after array element' : 'after object key:value pair');
      at++;
      return close;
    },

    end(value: JsonNode): JsonNode {
      while (isBlank(text.charCodeAt(at))) at++;
      if (at < text.length) throw unexpected('after top-level value');
      return value;
    },
  };
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
