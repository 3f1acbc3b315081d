import type { Finding, LintRule } from '../rule.ts';

/** A build step calls `sudo`. */
export const sudoInRun: LintRule = {
  name: 'SudoInRun',
  summary: 'Build steps do not call sudo.',
  why: 'Steps of a build run as root unless USER says otherwise, so `sudo` does nothing, or it hides that the wrong USER is set. It has to be installed, gives the command another environment, and stays in the image as a way to become root.',
  bad: ['FROM debian:13\nRUN sudo apt-get update\n', 'FROM debian:13\nUSER app\nRUN id && sudo -E make install\n'],
  good: [
    'FROM debian:13\nRUN apt-get update\n',
    'FROM debian:13\nRUN apt-get update && apt-get install -y sudo && rm -rf /var/lib/apt/lists/*\n',
  ],
  level: 'warning',
  fix: 'unsafe',
  hadolint: 'DL3004',
  *find({ stages }): Generator<Finding> {
    for (const { runs } of stages) {
      for (const { instruction, script } of runs) {
        for (const { words, args } of script.commands) {
          const [first, second] = words;
          if (first?.value?.replace(/^.*\//, '') !== 'sudo' || !second || (args.length === 0 && words.length === 1))
            continue;
          const isPlain = second.value !== undefined && !second.value.startsWith('-') && !/^\w+=/.test(second.text);
          yield {
            instruction,
            range: first.range,
            message: 'sudo has no use in a build: USER says who runs a step',
            hint: 'Remove sudo. For a step that needs root, write USER root above it, and the other user below.',
            fix: isPlain
              ? {
                  title: 'Remove sudo',
                  edits: [{ range: { start: first.range.start, end: second.range.start }, text: '' }],
                  safety: 'unsafe',
                  changes: 'the command runs as the user that is set',
                }
              : undefined,
          };
        }
      }
    }
  },
};
