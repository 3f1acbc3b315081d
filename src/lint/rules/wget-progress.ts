import { runsAndTriggers } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';

/** Wget fills the log of the build with its progress. */
export const wgetProgress: LintRule = {
  name: 'WgetProgress',
  summary: 'wget does not write its progress into the log.',
  why: 'Without a terminal, `wget` writes a line for each 50 kB. The log of a build that downloads a gigabyte then has 20,000 lines, and its errors are lost among them. It is a matter of taste, so the rule is off by default.',
  bad: ['FROM debian:13\nRUN wget https://example.com/a.tar.gz\n'],
  good: [
    'FROM debian:13\nRUN wget -nv https://example.com/a.tar.gz\n',
    'FROM debian:13\nRUN wget -qO- https://example.com/a && wget --progress=dot:giga https://example.com/b && wget --version\n',
    'FROM debian:13\nRUN wget $OPTIONS https://example.com/a\n',
  ],
  level: 'off',
  hadolint: 'DL3047',
  *find({ stages }): Generator<Finding> {
    for (const stage of stages) {
      for (const { instruction, script } of runsAndTriggers(stage)) {
        for (const { name, args, range } of script.commands) {
          if (name !== 'wget' || !args.some(({ text }) => /^["']?(?:https?|ftp):/.test(text))) continue;
          const isQuiet = args.some(
            ({ value, text }) =>
              (value === undefined && !/^["']?(?:https?|ftp):/.test(text)) ||
              /^-(?!-)[a-zA-Z]*(?:q|nv|[oa]$)|^--(?:quiet|no-verbose|progress|output-file|append-output|show-progress)/.test(
                value ?? '',
              ),
          );
          if (isQuiet) continue;
          yield {
            instruction,
            range,
            message: 'wget writes a line into the log for each 50 kB',
            hint: 'Add -nv, or -q for the wget of BusyBox.',
          };
        }
      }
    }
  },
};
