import type { Finding, LintRule } from '../rule.ts';

/** Numbers of users above this make a login record that counts. */
const maxUid = 99_999;

/** A user with a high number makes `useradd` write a huge file. */
export const highUid: LintRule = {
  name: 'HighUid',
  summary: 'useradd makes users with a high number without a login record.',
  why: '`useradd` writes a record for the user into `/var/log/lastlog` and `/var/log/faillog`, at the place of its number. The files are sparse on a disk, and not in a layer: a user with the number 1,000,000,000 makes the image hundreds of gigabytes large, or fills the disk of the build.',
  bad: [
    'FROM debian:13\nRUN useradd -u 1000660000 app\n',
    'FROM debian:13\nRUN useradd --create-home --uid=500000 app\n',
  ],
  good: [
    'FROM debian:13\nRUN useradd --no-log-init -u 1000660000 app\n',
    'FROM debian:13\nRUN useradd -lmu 1000660000 app && useradd -u 1000 b\n',
  ],
  level: 'warning',
  fix: 'safe',
  hadolint: 'DL3046',
  *find({ stages }): Generator<Finding> {
    for (const { runs } of stages) {
      for (const { instruction, script } of runs) {
        for (const { name, nameWord, args, range } of script.commands) {
          if (name !== 'useradd' || !nameWord) continue;
          const values = args.map(({ value }) => value ?? '');
          if (values.some((value) => /^--no-log-init$|^-[a-zA-Z]*l/.test(value))) continue;
          const uid = values
            .map(
              (value, at) =>
                /^--uid=(\d+)$/.exec(value)?.[1] ??
                (/^(?:-[a-zA-Z]*u|--uid)$/.test(value) ? values[at + 1] : undefined),
            )
            .find((value) => value !== undefined && /^\d+$/.test(value));
          if (uid === undefined || Number(uid) <= maxUid) continue;
          const at = nameWord.range.end;
          yield {
            instruction,
            range,
            message: `the login record of the user ${uid} makes the layer huge`,
            hint: 'Add --no-log-init.',
            fix: {
              title: 'Add --no-log-init',
              edits: [{ range: { start: at, end: at }, text: ' --no-log-init' }],
              safety: 'safe',
              changes: 'the user has no login record',
            },
          };
        }
      }
    }
  },
};
