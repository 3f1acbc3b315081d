import type { Finding, LintRule } from '../rule.ts';

/** A RUN ends with `cd`. */
export const cdDoesNotLast: LintRule = {
  name: 'CdDoesNotLast',
  summary: 'WORKDIR changes the directory for later instructions.',
  why: 'Each RUN has a shell of its own. A `cd` ends with it: the next instruction is where the last WORKDIR says, so a `cd` as the last command does nothing.',
  bad: ['FROM alpine:3.22\nRUN cd /srv\nRUN ls\n', 'FROM alpine:3.22\nRUN mkdir /srv/app && cd /srv/app\n'],
  good: [
    'FROM alpine:3.22\nWORKDIR /srv\nRUN ls\n',
    'FROM alpine:3.22\nRUN cd /srv && ls\n',
    'FROM alpine:3.22\nRUN ( cd /srv ) || true\n',
  ],
  level: 'warning',
  fix: 'unsafe',
  hadolint: 'DL3003',
  *find({ stages }): Generator<Finding> {
    for (const { runs } of stages) {
      for (const { instruction, script } of runs) {
        const last = script.commands.at(-1);
        if (!script.isValid || last?.name !== 'cd' || last.scopes.length > 0 || last.operator === '||') continue;
        const [path] = last.args;
        const isAlone = script.commands.length === 1 && instruction.flags.length === 0 && last.args.length === 1;
        yield {
          instruction,
          range: last.range,
          message: `cd${path ? ` ${path.text}` : ''} ends with this RUN: the next instruction is in another directory`,
          hint: `Write WORKDIR ${path?.text ?? '…'} instead.`,
          fix:
            isAlone && path?.value !== undefined
              ? {
                  title: `Write WORKDIR ${path.text}`,
                  edits: [{ range: instruction.range, text: `WORKDIR ${path.text}` }],
                  safety: 'unsafe',
                  changes: 'later instructions and containers are in that directory, which is made if it is missing',
                }
              : undefined,
        };
      }
    }
  },
};
