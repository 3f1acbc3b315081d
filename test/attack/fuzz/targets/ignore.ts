/** Ignore files: simple patterns match what an independent reading of them does, odd ones fail in words. */
import { createSourceFile } from '../../../../src/diagnostic/source-file.ts';
import { findIgnoreAdvice } from '../../../../src/parser/ignore/advice.ts';
import { parseDockerignore } from '../../../../src/parser/ignore/dockerignore.ts';
import { createPatternMatcher } from '../../../../src/parser/ignore/pattern-matcher.ts';
import { mutateText } from '../mutate.ts';
import type { Random } from '../random.ts';
import { hold, mayThrow, type Target } from '../run.ts';

const known = [
  '# comment\n*.log\n!keep.log\nnode_modules/**\n**/*.o\n/build\n',
  '*\n!src/**/*.ts\n!package.json\n',
  'a/b/c\n[a-c]*.txt\n[^x]?\n\\*lit\n\\d\n',
  'docs/\n!docs/README.md\ndir/*/file\n.git\n.\n..\n../x\n!\n',
  'x{2}\na|b\n(c)+\n^d$\n\\Qe\\E\n[[:alpha:]]\n\\p{Greek}\n',
];
const paths = [
  'a',
  'a/b',
  'a/b/c',
  'src/x/y.ts',
  'keep.log',
  'x.log',
  'node_modules/q/r',
  'b.txt',
  'é/😀',
  'xx',
  '*lit',
];
const messages = /^(?:illegal exclusion pattern: "!"|syntax error in pattern|bufio\.Scanner: token too long)$/;

export const ignoreFiles: Target = {
  name: 'ignore file',
  share: 20_000,
  try(random, tell) {
    const text = mutateText(random, random.pick(known), known);
    tell(text);
    let patterns: string[] = [];
    if (mayThrow(() => (patterns = parseDockerignore(text)), messages) !== undefined) return;
    const file = createSourceFile('.dockerignore', text);
    const { warnings, notes } = findIgnoreAdvice(file, { names: paths, dirs: new Set(['a']), unsearched: [] });
    for (const { range } of warnings)
      hold(
        range !== undefined && range.start <= range.end && range.end <= text.length,
        'advice is about a place in the text',
      );
    for (const { line } of notes) hold(line >= 1 && line <= file.lineStarts.length, 'a note is about a line');
    for (const pattern of patterns) hold(pattern !== '' && !pattern.includes('\n'), 'a pattern is one line');
    mayThrow(() => {
      const matcher = createPatternMatcher(patterns);
      for (const path of paths) {
        const matched = matcher.matchesOrParentMatches(path);
        hold(matcher.matchesOrParentMatches(path) === matched, 'a path matches or it does not');
      }
    }, messages);
  },
};

const parts = ['a', 'b', 'ab', 'c.o', '*', 'a*', '*b', '?', '?b', '**'];

export const ignorePatterns: Target = {
  name: 'ignore pattern',
  share: 1000,
  try(random, tell) {
    const patterns = Array.from({ length: 1 + random.below(3) }, () => somePattern(random));
    const path = Array.from({ length: 1 + random.below(4) }, () => random.pick(['a', 'b', 'ab', 'c.o', 'abb'])).join(
      '/',
    );
    tell(`${patterns.join('\n')}\n${path}`);
    const wanted = patterns.reduce(
      (matched, pattern) =>
        pattern.startsWith('!')
          ? matched && !matchesSimply(pattern.slice(1), path)
          : matched || matchesSimply(pattern, path),
      false,
    );
    const matcher = createPatternMatcher(patterns);
    hold(matcher.matchesOrParentMatches(path) === wanted, `${path} ${wanted ? 'matches' : 'does not match'}`);
    // Walking down to it gives the same. With exceptions it need not, in the reference neither: one that is met before
    // anything matched is not remembered for what is below.
    if (matcher.exclusions) return;
    let parent = matcher.matchesUsingParent('');
    const names = path.split('/');
    for (const depth of names.keys())
      parent = matcher.matchesUsingParent(names.slice(0, depth + 1).join('/'), depth > 0 ? parent.matches : undefined);
    hold(parent.matched === wanted, `a walk finds that ${path} ${wanted ? 'matches' : 'does not match'}`);
  },
};

function somePattern(random: Random): string {
  const text = Array.from({ length: 1 + random.below(3) }, () => random.pick(parts)).join('/');
  return random.chance(0.3) ? `!${text}` : text;
}

/** The meaning of a pattern of plain names, `*`, `?` and `**`, for a path and all that it is in: tries all ways. */
function matchesSimply(pattern: string, path: string): boolean {
  const names = path.split('/');
  const wanted = pattern.split('/');
  return names.some((_, index) => matchesNames(wanted, names.slice(0, index + 1)));
}

function matchesNames([first, ...more]: readonly string[], names: readonly string[]): boolean {
  if (first === undefined) return names.length === 0;
  const [name, ...others] = names;
  if (name === undefined) return false;
  // At the end `**` is anything that is there, in front of more it is any number of directories.
  if (first === '**') return more.length === 0 || matchesNames(more, names) || matchesNames([first, ...more], others);
  return matchesName(first, name) && matchesNames(more, others);
}

function matchesName(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern[0] === '*')
    return matchesName(pattern.slice(1), name) || (name !== '' && matchesName(pattern, name.slice(1)));
  return name !== '' && (pattern[0] === '?' || pattern[0] === name[0]) && matchesName(pattern.slice(1), name.slice(1));
}
