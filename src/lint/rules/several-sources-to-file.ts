import { createShellLex, emptyEnv, type ShellLex } from '../../parser/words.ts';
import type { Finding, LintRule } from '../rule.ts';
import { resolvePath, withDirectories } from '../working-directory.ts';

/** Several sources are copied to a destination that may become one file. */
export const severalSourcesToFile: LintRule = {
  name: 'SeveralSourcesToFile',
  summary: 'The destination of several sources ends with a slash.',
  why: 'Without the slash, a destination that is not there yet becomes a file: each source replaces the one before, and only the last remains. BuildKit builds that without a word; Docker before it reported an error.',
  bad: [
    'FROM alpine:3.22\nCOPY package.json package-lock.json /app\n',
    'FROM alpine:3.22\nCOPY <<A <<B /etc/conf\na\nA\nb\nB\n',
    'FROM alpine:3.22\nADD ["a b", "c", "d"]\n',
  ],
  good: [
    'FROM alpine:3.22\nCOPY package.json package-lock.json /app/\n',
    'FROM alpine:3.22\nWORKDIR /app\nCOPY a b /app\nCOPY a b .\nCOPY a b ./c/..\n',
    'FROM alpine:3.22\nCOPY a /app\nCOPY a* /app\n',
    'FROM alpine:3.22\nARG DIR\nCOPY a b $DIR\n',
  ],
  level: 'warning',
  fix: 'safe',
  hadolint: 'DL3021',
  *find({ dockerfile, stages }): Generator<Finding> {
    const lex = createShellLex({ escape: dockerfile.escape });
    for (const stage of stages) {
      const made = new Set<string | undefined>(['/']);
      for (const { instruction, directory } of withDirectories(stage)) {
        made.add(directory);
        if (instruction.kind !== 'copy' && instruction.kind !== 'add') continue;
        const { sources, contents, dest, keyword } = instruction;
        if (sources.length + contents.length < 2 || /(?:^|\/)\.{0,2}["']?$|\$\{?\w+\}?["']?$/.test(dest.text)) continue;
        const path = resolvePath(directory, dest.text);
        if ((path !== undefined && made.has(path)) || !isReadable(lex, dest.text)) continue;
        // In JSON the text of a word has neither its quotes nor its escapes.
        const at = dest.range.end;
        const isPlain = dest.range.end - dest.range.start === dest.text.length && !/["']$/.test(dest.text);
        yield {
          instruction,
          range: dest.range,
          message: `${dest.text} becomes one file if it is not a directory yet, and ${keyword} keeps only the last source`,
          hint: `Write ${dest.text}/.`,
          fix: isPlain
            ? {
                title: `Write ${dest.text}/`,
                edits: [{ range: { start: at, end: at }, text: '/' }],
                safety: 'safe',
                changes: `${dest.text} is a directory`,
              }
            : undefined,
        };
      }
    }
  },
};

/** Whether a word can be expanded: one with a quote that is not closed is an error of the build. */
function isReadable(lex: ShellLex, word: string): boolean {
  try {
    lex.processWord(word, emptyEnv);
    return true;
  } catch {
    return false;
  }
}
