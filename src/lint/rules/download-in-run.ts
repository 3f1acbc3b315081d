import { runsAndTriggers } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';

/** A RUN downloads a file that ADD could. */
export const downloadInRun: LintRule = {
  name: 'DownloadInRun',
  summary: 'ADD downloads files.',
  why: '`ADD` needs no curl in the image, asks the server in each build whether the file has changed, and compares it with a digest (`--checksum=sha256:…`). A RUN stays in the cache although the file has changed, and notices nothing if somebody replaces it. Where the file is removed in the same RUN, that makes a smaller layer, so the rule is off by default.',
  bad: [
    'FROM alpine:3.22\nRUN wget -q https://example.com/tool-1.2.tar.gz\n',
    'FROM debian:13\nRUN curl -fsSL -o /usr/bin/tool https://example.com/tool && chmod +x /usr/bin/tool\n',
  ],
  good: [
    'FROM alpine:3.22\nADD https://example.com/tool-1.2.tar.gz .\n',
    'FROM debian:13\nRUN curl -fsSL https://example.com/install.sh | sh\n',
    'FROM debian:13\nRUN curl -H "Authorization: $TOKEN" -o a https://example.com/a\n',
    'FROM debian:13\nRUN curl -fsSL "https://example.com/$(uname -m)" -o a\n',
  ],
  level: 'off',
  *find({ stages }): Generator<Finding> {
    for (const stage of stages) {
      for (const { instruction, script } of runsAndTriggers(stage)) {
        const parts = new Set(script.pipelines.flatMap(({ commands }) => commands));
        for (const command of script.commands) {
          if (parts.has(command) || command.scopes.length > 0 || !downloads(command)) continue;
          yield {
            instruction,
            range: command.range,
            message: `${command.name} downloads what ADD can download and check`,
            hint: 'Write ADD --checksum=sha256:… with the address, above this RUN.',
          };
        }
      }
    }
  },
};

function downloads({ name, args }: ShellCommand): boolean {
  const values = args.map(({ value }) => value ?? '');
  const addresses = args.filter(({ text }) => /^["']?https?:\/\/[^()`]+$/.test(text));
  if (
    addresses.length !== 1 ||
    values.some((value) => /^(?:-[a-zA-Z]*[HdXuFT]|--(?:header|data|request|user|post).*)/.test(value))
  )
    return false;
  if (name === 'wget') return !values.some((value) => value === '-' || /^-[a-zA-Z]*O-$/.test(value));
  return name === 'curl' && values.some((value) => /^-[a-zA-Z]*[oO]$|^--(?:output|remote-name)/.test(value));
}
