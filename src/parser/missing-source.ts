/** Why a source of COPY or ADD is not found in a build context, in words for people. */
import { matchPath } from '../go/match.ts';
import { base, clean, dir } from '../go/path.ts';
import { toLower } from '../go/unicode.ts';
import type { IgnoreRule } from './dockerignore.ts';
import { createPatternMatcher, type PatternMatcher } from './pattern-matcher.ts';
import { suggest } from './suggest.ts';

/** An ignore file that is in effect for a context. */
export interface IgnoreFile {
  /** As messages call it, such as `.dockerignore`. */
  readonly name: string;
  readonly rules: readonly IgnoreRule[];
}

export interface ContextContent {
  /** undefined where there is none, or where it is not known. */
  readonly ignoreFile?: IgnoreFile | undefined;
  /**
   * Files and folders of the context as it lies there, ignored ones too: slash-separated, without a leading slash. Those
   * in the folders on the way to the source have to be there, others help. undefined where nothing is known.
   */
  readonly names?: readonly string[] | undefined;
}

/** So many names are compared. */
const MAX_NAMES = 10_000;

/**
 * Explains why a source is not found: an ignore rule leaves it out, its name has other letters, or is a slip of another
 * one's.
 *
 * @param source as the Dockerfile or the daemon's error has it, variables expanded; may have wildcards
 * @returns a sentence without a full stop; undefined where nothing is known that would help
 */
export function explainMissingSource(source: string, { ignoreFile, names }: ContextContent): string | undefined {
  const path = clean(`/${source}`).slice(1);
  if (path === '') return undefined;
  const ruleFor = ruleFinder(ignoreFile?.rules ?? []);
  const leftOut = (name: string, rule: IgnoreRule) =>
    `${ignoreFile!.name}:${rule.line} (${rule.text}) leaves ${name} out of the context`;

  const known = names?.slice(0, MAX_NAMES);
  const candidates = !known || known.includes(path) ? [path] : known.filter((name) => matches(path, name));
  for (const name of candidates) {
    const rule = ruleFor(name);
    if (rule) return `${leftOut(name, rule)}: take that line out, or add !${name} below it`;
  }
  if (clean(source).startsWith('../'))
    return `no path leads out of the context, so ${source} means ${path} in it: name a folder above as the context, or pass one with --build-context`;
  if (known && candidates.length === 0) {
    const found = otherSpelling(path, known) ?? nearestName(path, known) ?? sameNameElsewhere(path, known);
    const rule = found && ruleFor(found.name);
    if (found) return rule ? `${found.words}; ${leftOut('it', rule)}` : found.words;
  }
  return undefined;
}

/** Finds the rule that leaves a path out of the context; undefined where none does, or where a pattern is in error. */
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

/** The name with other capitals, or with the same characters composed in another way. */
function otherSpelling(path: string, names: readonly string[]): Found | undefined {
  const folded = toLower(path.normalize());
  const found = names.find((name) => toLower(name.normalize()) === folded);
  if (found === undefined) return undefined;
  if (found.normalize() === path.normalize())
    return {
      name: found,
      words: `the context has ${found}, the same letters in another Unicode form: names are compared byte by byte`,
    };
  return { name: found, words: `the context has ${found}: capitals count` };
}

/** The closest name in the folder that the path is in, or the closest folder on its way there. */
function nearestName(path: string, names: readonly string[]): Found | undefined {
  const there = new Set(names);
  for (const name of names) for (let up = dir(name); up !== '.'; up = dir(up)) there.add(up);
  const parts = path.split('/');
  for (let depth = 0; depth < parts.length; depth++) {
    const folder = parts.slice(0, depth).join('/');
    const prefix = folder === '' ? '' : `${folder}/`;
    const part = parts[depth]!;
    if (there.has(prefix + part)) continue;
    const inFolder = [...there].filter((name) => name.startsWith(prefix) && !name.includes('/', prefix.length));
    const match = suggest(
      part,
      inFolder.map((name) => base(name)),
      true,
    );
    // two edits make any name of two letters of any other
    if (match === undefined || ![...match].some((letter) => part.includes(letter))) return undefined;
    const name = [...parts.slice(0, depth), match, ...parts.slice(depth + 1)].join('/');
    return { name, words: `did you mean ${name}?` };
  }
  return undefined;
}

function sameNameElsewhere(path: string, names: readonly string[]): Found | undefined {
  const found = names.filter((name) => base(name) === base(path) && name !== path);
  if (found.length === 0) return undefined;
  const [name = ''] = found;
  const more = found.length > 1 ? ` and ${found.length - 1} more of that name` : '';
  return { name, words: `the context has ${name}${more}: a path starts at the root of the context` };
}

function matches(pattern: string, name: string): boolean {
  if (!/[*?[\\]/.test(pattern)) return false;
  try {
    return matchPath(pattern, name);
  } catch {
    return false;
  }
}
