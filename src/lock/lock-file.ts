/**
 * `Dockerfile.lock`: what the sources of a Dockerfile are pinned to. The file is a small subset of YAML, so that people
 * can review it line by line and any program can read it: sections, names and fields at fixed depths, in a fixed order.
 * A lock decides what is built, so reading is strict: what `formatLock` would not write is refused, with its line and
 * column.
 */
import { type DiagnosticError, diagnosticError } from '../diagnostic/diagnostic.ts';
import { createSourceFile, type SourceFile } from '../diagnostic/source-file.ts';
import { parseDigest } from '../image/digest.ts';
import { formatPlatform, normalizePlatform, parsePlatform } from '../image/platform.ts';
import { parseNormalizedNamed } from '../image/reference.ts';
import { aString, checkArgument, listOf, objectWith } from '../text/arguments.ts';
import { didYouMean } from '../text/suggest.ts';
import { imageName, isCommit, type SourceKind } from './source-name.ts';

/** A source and what it is pinned to. */
export interface LockedSource {
  /** An image, a file on the web or a git repository. */
  readonly kind: SourceKind;
  /**
   * As the Dockerfile names it, after its variables: `alpine:3.20`, an address, or `ADDRESS#REF`. It has no
   * credentials.
   */
  readonly name: string;
  /** The digest of the image or file, or the hash of the commit. */
  readonly pin: string;
  /**
   * When that image or commit was made or that file was changed, RFC 3339 in UTC to the second; undefined if unknown.
   */
  readonly date?: string | undefined;
  /** The platforms that need the source; undefined if all platforms of the lock do. */
  readonly platforms?: readonly string[] | undefined;
}

/** The content of a lock file. */
export interface Lock {
  /** The platforms that were locked, such as `linux/amd64`. */
  readonly platforms: readonly string[];
  /** Each source once. */
  readonly sources: readonly LockedSource[];
}

/** The version of the format. A lock of another version is refused. */
export const lockVersion = 1;
/** Maximum length of a lock file, in characters. */
export const maxLockLength = 4 << 20;

interface Section {
  readonly title: string;
  readonly kind: SourceKind;
  /** The fields of a pin and of its date. */
  readonly pin: string;
  readonly date: string;
}

/** In the order of the file. */
const sections: readonly Section[] = [
  { title: 'images', kind: 'image', pin: 'digest', date: 'created' },
  { title: 'files', kind: 'http', pin: 'checksum', date: 'modified' },
  { title: 'repositories', kind: 'git', pin: 'commit', date: 'committed' },
];

/** A lock. */
export const aLock = objectWith({
  platforms: listOf(aString),
  sources: listOf(objectWith({ kind: aString, name: aString, pin: aString })),
});

const heading = '# What the Dockerfile takes from outside. `tsfront lock` writes this file.\n';

/**
 * The text of a lock file. Equal locks give equal texts: sources are sorted by kind and name.
 *
 * @example
 * const digest = `sha256:${'5'.repeat(64)}`;
 * formatLock({ platforms: ['linux/amd64'], sources: [{ kind: 'image', name: 'alpine:3.20', pin: digest }] });
 */
export function formatLock(lock: Lock): string {
  checkArgument('formatLock', 'lock', lock, aLock);
  let text = `${heading}lockVersion: ${lockVersion}\nplatforms: ${[...lock.platforms].sort().join(', ')}\n`;
  for (const { title, kind, pin, date } of sections) {
    const sources = lock.sources.filter((source) => source.kind === kind);
    if (sources.length > 0) text += `\n${title}:\n`;
    for (const source of sources.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      text += `  ${scalar(source.name)}:\n    ${pin}: ${scalar(source.pin)}\n`;
      if (source.date !== undefined) text += `    ${date}: ${source.date}\n`;
      if (source.platforms) text += `    platforms: ${[...source.platforms].sort().join(', ')}\n`;
    }
  }
  return text;
}

const plain = /^[a-z][\w.~/@+=%?&;:#-]*[\w/=-]$/i;
const looksLikeOther = /^(?:true|false|yes|no|on|off|null|y|n)$|^[\d.]+(?:e\d+)?$/i;

/** Whether YAML reads the text as this string without quotes. */
const isPlain = (text: string) => plain.test(text) && !looksLikeOther.test(text);

const scalar = (text: string) => (isPlain(text) ? text : JSON.stringify(text));

/** A line with content, cut into its parts. */
interface Line {
  readonly depth: number;
  readonly key: string;
  readonly value: string;
  /** Offsets in the text. */
  readonly keyAt: number;
  readonly valueAt: number;
  readonly end: number;
}

/**
 * Reads the text of a lock file.
 *
 * @param filename what errors call the file
 * @throws DiagnosticError `bad-lock-file` with line and column: for a text that is not a lock or has another version,
 *   for a source that occurs twice, and for a text of more than 4 MiB
 */
export function readLock(text: string, filename = 'Dockerfile.lock'): Lock {
  checkArgument('readLock', 'text', text, aString);
  checkArgument('readLock', 'filename', filename, aString);
  return new Reader(filename, text).read();
}

class Reader {
  private readonly file: SourceFile;
  private readonly lines: Line[] = [];
  private at = 0;

  constructor(filename: string, text: string) {
    this.file = createSourceFile(filename, text.length > maxLockLength ? '' : text);
    if (text.length > maxLockLength) throw this.wrong(0, 0, `it is larger than ${maxLockLength} characters`);
  }

  read(): Lock {
    this.cut();
    this.readVersion();
    const platforms = this.readPlatforms(this.expect('platforms', 0));
    const sources: LockedSource[] = [];
    let next = 0;
    for (let line = this.peek(0); line; line = this.peek(0)) {
      const known = sections.findIndex(({ title }) => title === line!.key);
      if (known < 0)
        throw this.unknown(
          line,
          sections.map(({ title }) => title),
        );
      if (known < next) throw this.wrong(line.keyAt, line.end, `${line.key} stands twice or not in its order`);
      next = known + 1;
      this.at++;
      this.requireNoValue(line);
      this.readSection(sections[known]!, platforms, sources);
    }
    const left = this.lines[this.at];
    if (left) throw this.wrong(left.keyAt, left.end, `${left.key} is indented, but nothing above it takes it`);
    return { platforms, sources };
  }

  private readVersion(): void {
    const line = this.expect('lockVersion', 0);
    if (line.value === String(lockVersion)) return;
    throw this.wrong(
      line.valueAt,
      line.end,
      `lockVersion ${shorten(line.value)} is not known`,
      `This tsfront reads version ${lockVersion}: use the version of tsfront that wrote the file, or write it again with \`tsfront lock\`.`,
    );
  }

  private readSection(section: Section, all: readonly string[], sources: LockedSource[]): void {
    const seen = new Set<string>();
    for (let line = this.peek(1); line; line = this.peek(1)) {
      this.at++;
      this.requireNoValue(line);
      const { key: name, keyAt, end } = line;
      if (seen.has(name)) throw this.wrong(keyAt, end, `${shorten(name)} is pinned twice`);
      seen.add(name);
      this.checkName(section, line);
      const pin = this.expect(section.pin, 2);
      this.checkPin(section, pin);
      const date = this.take(section.date);
      if (date && !isDate(date.value))
        throw this.wrong(date.valueAt, date.end, `${shorten(date.value)} is not a time such as 2026-01-31T12:00:00Z`);
      const platforms = this.take('platforms');
      const extra = this.peek(2);
      if (extra) throw this.unknown(extra, [section.pin, section.date, 'platforms']);
      sources.push({
        kind: section.kind,
        name,
        pin: pin.value,
        ...(date && { date: date.value }),
        ...(platforms && { platforms: this.readPlatforms(platforms, all) }),
      });
    }
    if (seen.size === 0) {
      const { keyAt, end } = this.lines[this.at - 1]!;
      throw this.wrong(keyAt, end, `${section.title} has no sources`);
    }
  }

  private checkName({ kind }: Section, { key, keyAt, end }: Line): void {
    if (kind !== 'image') return;
    try {
      const reference = parseNormalizedNamed(key);
      if (reference.digest === '' && imageName(reference) === key) return;
    } catch {}
    throw this.wrong(keyAt, end, `${shorten(key)} is not an image with its tag, such as alpine:3.20`);
  }

  private checkPin({ kind }: Section, { value, valueAt, end }: Line): void {
    if (kind === 'git') {
      if (isCommit(value)) return;
      throw this.wrong(valueAt, end, `${shorten(value)} is not the hash of a commit`);
    }
    try {
      parseDigest(value);
    } catch (error) {
      throw this.wrong(valueAt, end, `${shorten(value)} is not a digest: ${(error as Error).message}`);
    }
  }

  /** @param among the platforms of the lock, for those of a source */
  private readPlatforms({ value, valueAt, end }: Line, among?: readonly string[]): string[] {
    const platforms = value === '' ? [] : value.split(', ');
    if (platforms.length === 0) throw this.wrong(valueAt, end, 'platforms is empty');
    const seen = new Set<string>();
    for (const platform of platforms) {
      if (seen.has(platform)) throw this.wrong(valueAt, end, `${shorten(platform)} stands twice`);
      seen.add(platform);
      if (!isPlatform(platform))
        throw this.wrong(valueAt, end, `${shorten(platform)} is not a platform such as linux/amd64`);
      if (among && !among.includes(platform))
        throw this.wrong(valueAt, end, `${shorten(platform)} is not among the platforms of the lock`);
    }
    return platforms;
  }

  private peek(depth: number): Line | undefined {
    const line = this.lines[this.at];
    return line?.depth === depth ? line : undefined;
  }

  /** The next line if it has this field. */
  private take(key: string): Line | undefined {
    const line = this.peek(2);
    if (line?.key !== key) return undefined;
    this.at++;
    this.requireValue(line);
    return line;
  }

  /** The next line, which must have this key. */
  private expect(key: string, depth: number): Line {
    const line = this.peek(depth);
    if (line?.key !== key) {
      const { text } = this.file;
      const found = this.lines[this.at];
      const [start, end] = found ? [found.keyAt, found.end] : [text.length, text.length];
      throw this.wrong(start, end, found ? `here ${key} is expected, not ${shorten(found.key)}` : `${key} is missing`);
    }
    this.at++;
    this.requireValue(line);
    return line;
  }

  private requireValue({ key, value, keyAt, end }: Line): void {
    if (value === '') throw this.wrong(keyAt, end, `${shorten(key)} has no value`);
  }

  private requireNoValue({ key, value, valueAt, end }: Line): void {
    if (value !== '') throw this.wrong(valueAt, end, `${shorten(key)} takes no value on its line`);
  }

  private unknown({ key, keyAt, end }: Line, known: readonly string[]): DiagnosticError {
    return this.wrong(keyAt, end, `${shorten(key)} is not known here${didYouMean(key, known, false)}`);
  }

  private cut(): void {
    const { text, lineStarts } = this.file;
    for (const [index, start] of lineStarts.entries()) {
      let end = (lineStarts[index + 1] ?? text.length + 1) - 1;
      if (text[end - 1] === '\r') end--;
      if (/^ *(?:#.*)?$/.test(text.slice(start, end))) continue;
      this.lines.push(this.cutLine(start, end));
    }
  }

  private cutLine(start: number, end: number): Line {
    const line = this.file.text.slice(start, end);
    const indent = /^ */.exec(line)![0].length;
    const keyAt = start + indent;
    if (line[indent] === '\t') throw this.wrong(keyAt, end, 'a line is indented with spaces, not with tabs');
    if (indent !== 0 && indent !== 2 && indent !== 4)
      throw this.wrong(start, end, `a line is indented by 0, 2 or 4 spaces, not by ${indent}`);
    const { text: key, length } = this.readScalar(
      line.slice(indent),
      keyAt,
      end,
      /^[^\s"'[\]{},][^\s"'[\]{},]*?(?=:(?: |$))/,
    );
    const after = line.slice(indent + length);
    if (after !== ':' && !after.startsWith(': ')) throw this.wrong(keyAt, end, 'a line has the form `name: value`');
    const valueAt = Math.min(keyAt + length + 2, end);
    const rest = line.slice(indent + length + 2);
    if (rest === '') return { depth: indent / 2, key, value: '', keyAt, valueAt, end };
    const value = this.readScalar(rest, valueAt, end, /^[^\s"'[\]{}](?:[^"'[\]{}\t]*[^\s"'[\]{}])?$/);
    if (value.length !== rest.length) throw this.wrong(valueAt + value.length, end, 'there is more after the value');
    return { depth: indent / 2, key, value: value.text, keyAt, valueAt, end };
  }

  /** A string in quotes, as JSON has it, or a text without. */
  private readScalar(text: string, at: number, end: number, unquoted: RegExp): { text: string; length: number } {
    if (text.startsWith('"')) {
      const [quoted] = /^"(?:[^"\\]|\\.)*"/.exec(text) ?? [];
      try {
        if (quoted !== undefined) return { text: JSON.parse(quoted) as string, length: quoted.length };
      } catch {}
      throw this.wrong(at, end, 'the quoted text is not a JSON string');
    }
    const [found] = unquoted.exec(text) ?? [];
    if (found === undefined) throw this.wrong(at, end, 'a line has the form `name: value`');
    return { text: found, length: found.length };
  }

  private wrong(start: number, end: number, why: string, hint?: string): DiagnosticError {
    const { filename, lineStarts } = this.file;
    let line = lineStarts.length;
    while (line > 1 && lineStarts[line - 1]! > start) line--;
    const column = start - lineStarts[line - 1]! + 1;
    return diagnosticError('bad-lock-file', `${filename}:${line}:${column}: ${why}`, {
      range: { start, end },
      file: this.file,
      hint:
        hint ??
        'Write the file again with `tsfront lock`; after a merge, `tsfront lock` on the merged Dockerfile is enough.',
    });
  }
}

const maxShown = 100;

const shorten = (text: string) =>
  JSON.stringify(text.length > maxShown ? `${text.slice(0, maxShown)}…` : text).slice(1, -1);

const isDate = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text));

function isPlatform(text: string): boolean {
  try {
    return formatPlatform(normalizePlatform(parsePlatform(text))) === text;
  } catch {
    return false;
  }
}
