import type { LintCommand } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';

/** Curl takes the page of an error for the file. */
export const curlWithoutFail: LintRule = {
  name: 'CurlWithoutFail',
  summary: 'curl fails if the server answers with an error.',
  why: 'Without `-f`, curl succeeds when the server answers 404 or 500, and gives the page of the error as the file. A build then goes on with it. In a health check, a server that answers 500 counts as healthy.',
  bad: [
    'FROM alpine:3.22\nRUN curl -sSL -o /usr/bin/tool https://example.com/tool\n',
    'FROM alpine:3.22\nHEALTHCHECK CMD curl http://localhost:8080/ || exit 1\n',
    'FROM alpine:3.22\nHEALTHCHECK CMD ["curl", "http://localhost:8080/"]\n',
  ],
  good: [
    'FROM alpine:3.22\nRUN curl -f -sSL -o /usr/bin/tool https://example.com/tool\n',
    'FROM alpine:3.22\nRUN curl -fsSLO https://example.com/a && curl --fail-with-body https://example.com/b && curl --version\n',
    'FROM alpine:3.22\nRUN curl $OPTIONS https://example.com/a\n',
    'FROM alpine:3.22\nRUN curl -s -o /dev/null -w "%{http_code}" https://example.com/a\n',
    'FROM alpine:3.22\nHEALTHCHECK CMD curl -f http://localhost:8080/ || exit 1\n',
  ],
  level: 'warning',
  fix: 'safe',
  *find({ stages }): Generator<Finding> {
    for (const { commands, triggers } of stages) {
      for (const command of [...commands, ...triggers]) {
        const { instruction, script } = command;
        if (instruction.kind !== 'run' && instruction.kind !== 'healthcheck') continue;
        for (const curl of script.commands) if (isCareless(curl)) yield report(command, curl);
      }
    }
  },
};

function report(command: LintCommand, { nameWord, range }: ShellCommand): Finding {
  const at = nameWord!.range.end;
  return {
    instruction: command.instruction,
    range,
    message: message(command),
    hint: 'Add -f.',
    fix: {
      title: 'Add -f',
      edits: [{ range: { start: at, end: at }, text: ' -f' }],
      safety: 'safe',
      changes: 'the command fails if the server answers with an error',
    },
  };
}

function message({ instruction }: LintCommand): string {
  return instruction.kind === 'run'
    ? 'curl succeeds if the server answers 404 or 500, and gives that page as the file'
    : 'curl succeeds if the server answers 404 or 500, so the container counts as healthy';
}

function isCareless({ name, args }: ShellCommand): boolean {
  // A word that is not known may be the option.
  return (
    name === 'curl' &&
    args.every(
      ({ value, text }) =>
        value !== undefined || /^["']?(?:https?|ftp):|^["']?[^$\s"']|\/|\.|^"?\$\{?\w*URL/i.test(text),
    ) &&
    ignoresErrors(args.map(({ value, text }) => value ?? text))
  );
}

/** Options that take care of errors, or ask something else than a file. */
const others =
  /^(?:--fail|--fail-with-body|--fail-early|--version|--help|--head|--write-out|--dump-header|--config|--data.*|--form.*|--request|--upload-file)$/;

function ignoresErrors(words: readonly string[]): boolean {
  const asks = words.some((word) => /^["']?(?:https?:|\$|[\w.-]+(?::\d+)?(?:\/|$))/i.test(word));
  return asks && !words.some((word) => others.test(word) || /^-[A-Za-z#]*[fVhIwDKdFXT]/.test(word));
}
