import { runsAndTriggers } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellWord } from '../shell/command.ts';
import { programName } from '../shell/wrappers.ts';

/** A build step calls `sudo`. */
export const sudoInRun: LintRule = {
  name: 'SudoInRun',
  summary: 'Build steps do not call sudo.',
  why: 'Steps of a build run as root unless USER says otherwise, so `sudo` does nothing, or it hides that the wrong USER is set. It has to be installed, gives the command another environment, and stays in the image as a way to become root.',
  bad: ['FROM debian:13\nRUN sudo apt-get update\n', 'FROM debian:13\nUSER app\nRUN id && sudo -E make install\n'],
  good: [
    'FROM debian:13\nRUN apt-get update\n',
    'FROM debian:13\nRUN if [ "$(id -u)" -ne 0 ]; then sudo make install; else make install; fi\n',
    'FROM debian:13\nRUN sudo -u app make && sudo --user=app make\n',
    'FROM debian:13\nRUN apt-get update && apt-get install -y sudo && rm -rf /var/lib/apt/lists/*\n',
  ],
  level: 'warning',
  fix: 'unsafe',
  hadolint: 'DL3004',
  *find({ stages }): Generator<Finding> {
    for (const stage of stages) {
      for (const { instruction, script } of runsAndTriggers(stage)) {
        const asksForUser = script.commands.some(
          ({ name, args }) => name === 'id' && args.some(({ value }) => value === '-u'),
        );
        for (const { words, scopes } of script.commands) {
          const [first, second] = words;
          // The script itself finds out whether it is root.
          if (asksForUser && scopes.includes('branch')) continue;
          if (programName(first) !== 'sudo' || !first || !second || changesUser(words)) continue;
          const isPlain = second.value !== undefined && !second.value.startsWith('-') && !/^\w+=/.test(second.text);
          yield {
            instruction,
            range: first.range,
            message: 'this step becomes root with sudo, and USER says who runs a step',
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

/** Whether sudo leads to a user that may not be root, or only shows something. */
function changesUser(words: readonly ShellWord[]): boolean {
  for (const [at, { value }] of words.entries()) {
    if (at === 0) continue;
    if (value === undefined || !value.startsWith('-')) return false;
    if (/^-(?!-)[a-zA-Z]*u|^--user/.test(value)) return !/^(?:-u|--user=)?root$/.test(words[at + 1]?.value ?? value);
    if (/^-[Vlvk]$|^--version$/.test(value)) return true;
  }
  return false;
}
