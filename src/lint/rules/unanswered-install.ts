import { runsAndTriggers } from '../lint-file.ts';
import { hasOption, type PackageCommand, packageCommand } from '../package-manager.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';

/** An installation asks whether to go on, and nobody is there to answer. */
export const unansweredInstall: LintRule = {
  name: 'UnansweredInstall',
  summary: 'Package managers do not ask questions.',
  why: 'A build has no terminal. `apt-get`, `dnf`, `yum` and `zypper` ask before they install, get no answer, and the step fails as soon as a package brings another with it.',
  bad: [
    'FROM debian:13\nRUN apt-get update && apt-get install curl\n',
    'FROM fedora:43\nRUN dnf install git && dnf clean all\n',
  ],
  good: [
    'FROM debian:13\nRUN apt-get update && apt-get install -y curl\n',
    'FROM debian:13\nRUN apt-get -yqq install curl\n',
    'FROM debian:13\nRUN yes | apt-get install curl\n',
    'FROM debian:13\nENV X=1\nRUN apt-get install -qq curl && apt-get install --assume-yes git && apt-get install --dry-run vim\n',
  ],
  level: 'warning',
  fix: 'safe',
  hadolint: 'DL3014, DL3030, DL3034, DL3038',
  *find({ stages, dockerfile }): Generator<Finding> {
    // Settings of apt or dnf answer for all commands.
    if (/assume-?yes/i.test(dockerfile.source.text.replace(/--assume-yes/g, ''))) return;
    for (const stage of stages) {
      for (const { instruction, script } of runsAndTriggers(stage)) {
        for (const command of script.commands) {
          const parts = packageCommand(command);
          if (!parts?.installs || !parts.subcommand || !asks(parts) || isAnswered(command)) continue;
          const { program, manager, subcommand } = parts;
          const flag = manager === 'zypper' ? '--non-interactive' : '-y';
          const at = manager === 'zypper' ? command.nameWord!.range.end : subcommand.range.end;
          yield {
            instruction,
            range: { start: command.nameWord!.range.start, end: subcommand.range.end },
            message: `${program} ${subcommand.value} asks before it brings further packages, and a build cannot answer`,
            hint: `Add ${flag}.`,
            fix: {
              title: `Add ${flag}`,
              edits: [{ range: { start: at, end: at }, text: ` ${flag}` }],
              safety: 'safe',
              changes: `${program} does not ask`,
            },
          };
        }
      }
    }
  },
};

function asks(parts: PackageCommand): boolean {
  switch (parts.manager) {
    case 'apt':
      return !(
        hasOption(
          parts,
          /^--(?:yes|assume-yes|dry-run|simulate|just-print|no-act|recon|download-only|print-uris|assume-no)$/,
          'y',
        ) ||
        hasOption(parts, /^(?:-qq+|-q=[2-9]|-s|-d|-yq|--quiet=2)$/) ||
        parts.options.some((option) => option.split('q').length > 2 && /^-\w+$/.test(option))
      );
    case 'dnf':
      // The programs yum and tdnf ask as dnf does; microdnf does not.
      return !(hasOption(parts, /^--(?:assumeyes|assumeno|downloadonly)$/, 'y') || parts.program === 'microdnf');
    case 'zypper':
      return !(hasOption(parts, /^--(?:non-interactive|no-confirm|dry-run)$/, 'n') || hasOption(parts, /^$/, 'y'));
    default:
      return false;
  }
}

/** Whether something is written to its standard input. */
function isAnswered({ stage, redirections }: ShellCommand): boolean {
  return stage > 0 || redirections.some(({ operator }) => operator.startsWith('<'));
}
