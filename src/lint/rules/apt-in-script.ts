import { runsAndTriggers } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';

/** The subcommands that apt and apt-get share. */
const shared = /^(?:install|update|upgrade|full-upgrade|remove|purge|autoremove|autoclean|clean|build-dep|source)$/;

/** A script calls `apt`, which is made for terminals. */
export const aptInScript: LintRule = {
  name: 'AptInScript',
  summary: 'Scripts call apt-get and not apt.',
  why: '`apt` is made for people at terminals. It warns in each build that its interface is not stable, and its output and defaults change between releases. `apt-get` does the same for scripts.',
  bad: ['FROM debian:13\nRUN apt update\n', 'FROM debian:13\nRUN apt-get update && apt install -y curl\n'],
  good: ['FROM debian:13\nRUN apt-get update\n', 'FROM debian:13\nRUN echo apt install\n'],
  level: 'warning',
  fix: 'safe',
  hadolint: 'DL3027',
  *find({ stages }): Generator<Finding> {
    for (const stage of stages) {
      for (const { instruction, script } of runsAndTriggers(stage)) {
        for (const { name, nameWord, args } of script.commands) {
          if (name !== 'apt' || !nameWord) continue;
          const subcommand = args.find(({ value }) => value !== undefined && !value.startsWith('-'))?.value ?? '';
          if (!shared.test(subcommand)) continue;
          const replacement =
            subcommand === 'full-upgrade' ? undefined : nameWord.text.replace(/apt(["']?)$/, 'apt-get$1');
          yield {
            instruction,
            range: nameWord.range,
            message: `apt ${subcommand} is for terminals, and its interface is not stable`,
            hint: `Write apt-get ${subcommand === 'full-upgrade' ? 'dist-upgrade' : subcommand}.`,
            fix:
              replacement === undefined
                ? undefined
                : {
                    title: 'Call apt-get',
                    edits: [{ range: nameWord.range, text: replacement }],
                    safety: 'safe',
                    changes: 'the step runs apt-get',
                  },
          };
        }
      }
    }
  },
};
