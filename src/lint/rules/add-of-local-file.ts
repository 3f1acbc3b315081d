import { isArchiveName, isRemote } from '../add-source.ts';
import type { Finding, LintRule } from '../rule.ts';

/** ADD does what COPY does. */
export const addOfLocalFile: LintRule = {
  name: 'AddOfLocalFile',
  summary: 'COPY copies files, and ADD unpacks archives and downloads.',
  why: 'ADD does more than COPY: it unpacks whatever it takes for an archive, and downloads what looks like an address. For plain files and directories, COPY says what happens, and goes on doing so when a file is replaced by another.',
  bad: ['FROM alpine:3.22\nADD src/ /srv/\n', 'FROM alpine:3.22\nADD app.py config.json /srv/\n'],
  good: [
    'FROM alpine:3.22\nCOPY src/ /srv/\n',
    'FROM alpine:3.22\nADD rootfs.tar.xz /\nADD https://example.com/x /x\nADD https://github.com/a/b.git /b\n',
    'FROM alpine:3.22\nARG FILE\nADD $FILE /\nADD release-* /srv/\n',
    'FROM alpine:3.22\nADD --unpack=true bundle /srv/\n',
  ],
  level: 'warning',
  fix: 'safe',
  hadolint: 'DL3020',
  *find({ stages }): Generator<Finding> {
    for (const { instructions } of stages) {
      for (const instruction of instructions) {
        if (instruction.kind !== 'add' || instruction.unpack !== undefined || instruction.sources.length === 0)
          continue;
        const { sources } = instruction;
        if (sources.some(({ text }) => isRemote(text) || isArchiveName(text) || /[$*?[]/.test(text))) continue;
        const unsure = sources.find(({ text }) => !isPlain(text));
        const isSure = unsure === undefined;
        const usesMore = instruction.flags.some(({ name }) => name === 'keep-git-dir' || name === 'checksum');
        yield {
          instruction,
          range: instruction.keywordRange,
          message: isSure
            ? `ADD does for ${sources[0]!.text} what COPY does`
            : `ADD unpacks ${unsure!.text} if it is an archive, and otherwise does what COPY does`,
          hint: isSure ? 'Write COPY.' : 'Write COPY, or ADD --unpack=true for an archive.',
          fix: usesMore
            ? undefined
            : {
                title: 'Write COPY',
                edits: [
                  { range: instruction.keywordRange, text: /^[a-z]/.test(instruction.keyword) ? 'copy' : 'COPY' },
                ],
                safety: isSure ? 'safe' : 'unsafe',
                changes: isSure
                  ? 'archives are not unpacked, of which it has none'
                  : `${unsure.text} is not unpacked if it is an archive`,
              },
        };
      }
    }
  },
};

/** Whether a name is that of a directory or of a file that is no archive, whatever it holds: `src/`, `.`, `app.py`. */
function isPlain(name: string): boolean {
  return (
    /(?:^|\/)\.{0,2}\/?$/.test(name) ||
    /\.(?:py|js|mjs|cjs|ts|json|ya?ml|toml|txt|md|sh|bash|conf|cfg|ini|env|html?|css|xml|sql|properties|rb|php|pl|go|rs|c|h|cpp|java|cs|lock|list|repo|service|key|crt|pem|pub|jinja2?|j2|tmpl|tpl|template)$/i.test(
      name,
    )
  );
}
