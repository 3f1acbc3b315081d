/** Explains to people why a source of COPY or ADD is not found in a build context. */
import { isPattern, matchesPath } from '../../go/match.ts';
import { base, clean, dirname } from '../../go/path.ts';
import { toLower } from '../../go/unicode.ts';
import { suggest } from '../../text/suggest.ts';
import type { IgnoreRule } from '../ignore/dockerignore.ts';
import { createPatternMatcher, type PatternMatcher } from '../ignore/pattern-matcher.ts';

/** An ignore file that is in effect for a context. */
export interface IgnoreFile {
  /** Its name in messages, such as `.dockerignore`. */
  readonly name: string;
  /** Its patterns in order. */
  readonly rules: readonly IgnoreRule[];
}

/** Information about a context. */
export interface ContextContent {
  /** The ignore file; undefined if it is absent or not known. */
  readonly ignoreFile?: IgnoreFile | undefined;
  /**
   * Files and directories of the context on disk, including ignored ones: slash-separated, without a leading slash.
   * Those in the directories on the way to the source are needed, others help. undefined if nothing is known.
   */
  readonly names?: readonly string[] | undefined;
}

/** Maximum number of names that are compared. */
const maxNames = 10_000;

/**
 * Explains why a source is not found: an ignore rule excludes it, or its name is a misspelling of
 * another.
 *
 * @param source as in the Dockerfile or the daemon's message, with its variables expanded; may have wildcards
 * @returns sentences; undefined if nothing is known that would help
 */
export function explainMissingSource(source: string, { ignoreFile, names }: ContextContent): string | undefined {
  const path = clean(`/${source}`).slice(1);
  if (path === '') return undefined;
  const ruleFor = ruleFinder(ignoreFile?.rules ?? []);
  const leftOut = (name: string, rule: IgnoreRule) =>
    `${ignoreFile!.name}:${rule.line} (${rule.text}) leaves ${name} out of the context`;

  const known = names?.slice(0, maxNames);
  const candidates = !known || known.includes(path) ? [path] : known.filter((name) => matches(path, name));
  for (const name of candidates) {
    const rule = ruleFor(name);
    if (rule) return `${leftOut(name, rule)}: take that line out, or add !${name} below it.`;
  }
  if (clean(source).startsWith('../'))
    return `No path leads out of the context, so ${source} means ${path} in it: name a directory above as the context, or pass one with \`context:NAME\`.`;
  if (!known || candidates.length > 0) return undefined;
  const found = otherSpelling(path, known) ?? nearestName(path, known) ?? sameNameElsewhere(path, known);
  const rule = found && ruleFor(found.name);
  if (found) return rule ? `${found.words} ${leftOut('it', rule)}.` : found.words;
  return isPattern(path) ? `Nothing in the context matches ${path}.` : undefined;
}

/**
 * The name that is most similar to a path; undefined if none is similar.
 *
 * @param names slash-separated and without a leading slash, like the path
 */
export function closestPath(path: string, names: readonly string[]): string | undefined {
  const folded = toLower(path);
  return names.find((name) => toLower(name) === folded) ?? nearestName(path, names)?.name;
}

/** Finds the rule that excludes a path from the context; undefined if no rule does, or if a pattern is invalid. */
function ruleFinder(rules: readonly IgnoreRule[]): (path: string) => IgnoreRule | undefined {
  let matcher: PatternMatcher | undefined;
  return (path) => {
    try {
      matcher ??= createPatternMatcher(rules.map(({ pattern }) => pattern));
      return rules[matcher.decidingPattern(path)];
    } catch {
      return undefined;
    }
  };
}

interface Found {
  readonly name: string;
  readonly words: string;
}

/** The name that differs only in its capitals, or in how its characters are composed. */
function otherSpelling(path: string, names: readonly string[]): Found | undefined {
  const folded = toLower(path.normalize());
  const found = names.find((name) => {
    const other = toLower(name.normalize());
    return other === folded || matches(folded, other);
  });
  if (found === undefined) return undefined;
  if (found.normalize() === path.normalize())
    return {
      name: found,
      words: `The context has ${found}, the same letters in another Unicode form: names are compared byte by byte.`,
    };
  return { name: found, words: `The context has ${found}: names are case-sensitive.` };
}

/** The closest name in the directory that the path is in, or the closest directory on its way there. */
function nearestName(path: string, names: readonly string[]): Found | undefined {
  const there = new Set(names);
  for (const name of names) for (let up = dirname(name); up !== '.'; up = dirname(up)) there.add(up);
  const parts = path.split('/');
  for (let depth = 0; depth < parts.length; depth++) {
    const dir = parts.slice(0, depth).join('/');
    const prefix = dir === '' ? '' : `${dir}/`;
    const part = parts[depth]!;
    if (there.has(prefix + part)) continue;
    if (isPattern(part)) return undefined;
    const inDir = [...there].filter((name) => name.startsWith(prefix) && !name.includes('/', prefix.length));
    const match = suggest(
      part,
      inDir.map((name) => base(name)),
      true,
    );
    // Two edits turn any name of two letters into any other.
    if (match === undefined || ![...match].some((letter) => part.includes(letter))) return undefined;
    const name = [...parts.slice(0, depth), match, ...parts.slice(depth + 1)].join('/');
    return { name, words: `Did you mean ${name}?` };
  }
  return undefined;
}

function sameNameElsewhere(path: string, names: readonly string[]): Found | undefined {
  const isAlike = isPattern(path)
    ? (name: string) => matches(base(path), base(name))
    : (name: string) => base(name) === base(path);
  const found = base(path) === '*' ? [] : names.filter((name) => name !== path && isAlike(name));
  if (found.length === 0) return undefined;
  const [name = ''] = found;
  const more = found.length > 1 ? ` and ${found.length - 1} more of that name` : '';
  return { name, words: `The context has ${name}${more}: a path starts at the root of the context.` };
}

function matches(pattern: string, name: string): boolean {
  return isPattern(pattern) && matchesPath(pattern, name);
}
