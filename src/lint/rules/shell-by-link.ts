import type { Finding, LintRule } from '../rule.ts';

/** The shell of steps is replaced by a link. */
export const shellByLink: LintRule = {
  name: 'ShellByLink',
  summary: 'SHELL sets the shell of steps.',
  why: 'A link in the place of `/bin/sh` changes the shell of all programs of the image, which were tested with the other one, and a reader does not see which shell a RUN has. SHELL says it for the instructions below, and changes nothing else.',
  bad: ['FROM debian:13\nRUN ln -sf /bin/bash /bin/sh\n', 'FROM debian:13\nRUN rm /bin/sh && ln -s bash /bin/sh\n'],
  good: ['FROM debian:13\nSHELL ["/bin/bash", "-c"]\n', 'FROM debian:13\nRUN ln -s /usr/bin/bash /usr/local/bin/sh\n'],
  level: 'warning',
  fix: 'unsafe',
  hadolint: 'DL4005',
  *find({ stages }): Generator<Finding> {
    for (const { runs } of stages) {
      for (const { instruction, script } of runs) {
        for (const { name, args, range } of script.commands) {
          if (name !== 'ln') continue;
          const [target, link] = args.filter(({ value }) => !value?.startsWith('-'));
          if (!/^(?:\/usr)?\/bin\/sh$/.test(link?.value ?? '') || target?.value === undefined) continue;
          const program = /^\//.test(target.value) ? target.value : `/bin/${target.value}`;
          const isAlone = script.commands.length === 1 && instruction.flags.length === 0;
          yield {
            instruction,
            range,
            message: `this link gives all programs of the image ${program} as their shell`,
            hint: `Write SHELL ["${program}", "-c"] instead.`,
            fix: isAlone
              ? {
                  title: `Write SHELL ["${program}", "-c"]`,
                  edits: [{ range: instruction.range, text: `SHELL ["${program}", "-c"]` }],
                  safety: 'unsafe',
                  changes: '/bin/sh stays as it is',
                }
              : undefined,
          };
        }
      }
    }
  },
};
