import { runsAndTriggers } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand, ShellScript } from '../shell/command.ts';

/** Programs that ask another machine: they fail for reasons that the Dockerfile does not control. */
const downloads = /^(?:curl|wget|aria2c|fetch|http|https|aws|gsutil|gcloud|az|ssh|scp|rsync|svn|hg|gh|lynx)$/;

/** A pipe hides that a download failed. */
export const uncheckedPipe: LintRule = {
  name: 'UncheckedPipe',
  summary: 'A download in a pipe stops the build if it fails.',
  why: 'The result of a pipe is that of its last command. If `curl` fails in `curl … | sh`, `sh` runs nothing, succeeds, and the build goes on without what it should have installed. With `pipefail` the pipe fails when any of its commands does.\n\nPipes into programs that notice an incomplete input themselves, as `tar -xz` and `gpg` do, are not reported.',
  bad: [
    'FROM debian:13\nRUN curl -fsSL https://example.com/install.sh | bash\n',
    'FROM debian:13\nRUN wget -qO- https://example.com/key | sed s/a/b/ > /etc/key && true\n',
  ],
  good: [
    'FROM debian:13\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl -fsSL https://example.com/install.sh | bash\n',
    'FROM debian:13\nRUN set -o pipefail; curl -fsSL https://example.com/install.sh | bash\n',
    'FROM debian:13\nRUN echo yes | ./configure\n',
    'FROM debian:13\nRUN curl -fsSL https://example.com/a.tar.gz | tar -xz\n',
    'FROM debian:13\nRUN curl -fsSL https://example.com/x -o /tmp/x && sh /tmp/x\n',
  ],
  level: 'warning',
  hadolint: 'DL4006',
  options: {
    all: { type: 'boolean', default: false, description: 'Whether pipes without a download are reported too.' },
  },
  *find({ stages }, { all }): Generator<Finding> {
    for (const stage of stages) {
      for (const { instruction, script, shell } of runsAndTriggers(stage)) {
        if (shell.pipefail) continue;
        const from = firstPipefail(script);
        for (const { commands, range } of script.pipelines) {
          if (range.start >= from) continue;
          const at = commands.findIndex((it) => it && (all || downloads.test(it.name)));
          const first = commands[at];
          if (!first || at === commands.length - 1) continue;
          if (commands.slice(at + 1).every(noticesItself)) continue;
          yield {
            instruction,
            range,
            message: `nothing notices if ${first.name || 'a command'} fails: a pipe has the result of its last command`,
            hint: instruction.shellForm
              ? `Write SHELL ["/bin/${shell.name === 'ash' ? 'ash' : 'bash'}", "-o", "pipefail", "-c"] above it (/bin/ash in Alpine), or download to a file first.`
              : 'Write "-o", "pipefail" before "-c" (bash and ash know it), or download to a file first.',
          };
        }
      }
    }
  },
};

/** Whether a program fails if its input is empty or ends too early: it has a checksum or a length. */
function noticesItself(command: ShellCommand | undefined): boolean {
  if (!command) return false;
  const { name, args } = command;
  if (/^(?:gpg2?|apt-key|gunzip|unxz|bunzip2|zcat|xzcat|unzip|funzip|bsdtar|docker)$/.test(name)) return true;
  if (/^(?:gzip|xz|bzip2|zstd)$/.test(name))
    return args.some(({ value }) => /^-[a-z]*d|^--decompress$/.test(value ?? ''));
  if (/^(?:md5|sha\d+)sum$/.test(name)) return true;
  return (
    name === 'tar' &&
    args.some(
      ({ value = '' }, at) =>
        /^-(?!-)\w*[zjJ]|^--(?:gzip|gunzip|xz|bzip2|zstd|lzma)$/.test(value) || (at === 0 && /^\w*[zjJ]/.test(value)),
    )
  );
}

/** Offset from which on pipes fail with any of their commands; infinite if they never do. */
function firstPipefail({ commands }: ShellScript): number {
  const set = commands.find(({ name, args }) => name === 'set' && args.some(({ value }) => value === 'pipefail'));
  return set ? set.range.start : Number.POSITIVE_INFINITY;
}
