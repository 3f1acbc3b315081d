import { runsAndTriggers } from '../lint-file.ts';
import { hasOption, packageCommand } from '../package-manager.ts';
import type { Finding, LintRule } from '../rule.ts';

/** `apt-get install` brings packages that are only recommended. */
export const recommendedPackages: LintRule = {
  name: 'RecommendedPackages',
  summary: 'apt-get installs only what is needed.',
  why: 'Debian and Ubuntu install what a package recommends, too: documentation, mail servers, compilers. An image with `--no-install-recommends` is smaller and has less to attack. Something may be missing afterwards that was there by chance, so the rule is off by default.',
  bad: ['FROM debian:13\nRUN apt-get update && apt-get install -y git\n'],
  good: [
    'FROM debian:13\nRUN apt-get update && apt-get install --no-install-recommends -y git\n',
    'FROM debian:13\nRUN apt-get install -y -o APT::Install-Recommends=false git\n',
    'FROM debian:13\nRUN echo "APT::Install-Recommends 0;" > /etc/apt/apt.conf.d/a && apt-get install -y git\n',
  ],
  level: 'off',
  fix: 'unsafe',
  hadolint: 'DL3015',
  *find({ stages, dockerfile }): Generator<Finding> {
    if (/Install-Recommends/.test(dockerfile.source.text)) return;
    for (const stage of stages) {
      for (const { instruction, script } of runsAndTriggers(stage)) {
        for (const command of script.commands) {
          const parts = packageCommand(command);
          if (
            parts?.manager !== 'apt' ||
            !parts.installs ||
            hasOption(parts, /^--(?:no-install-recommends|download-only)$/)
          )
            continue;
          const at = parts.subcommand!.range.end;
          yield {
            instruction,
            range: { start: command.nameWord!.range.start, end: at },
            message: `${parts.program} install brings packages that are only recommended`,
            hint: 'Add --no-install-recommends.',
            fix: {
              title: 'Add --no-install-recommends',
              edits: [{ range: { start: at, end: at }, text: ' --no-install-recommends' }],
              safety: 'unsafe',
              changes: 'recommended packages are missing',
            },
          };
        }
      }
    }
  },
};
