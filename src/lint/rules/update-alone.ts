import type { LintStage } from '../lint-file.ts';
import { packageCommand } from '../package-manager.ts';
import type { Finding, LintRule } from '../rule.ts';

/** Package lists are updated in one layer, and packages installed in another. */
export const updateAlone: LintRule = {
  name: 'UpdateAlone',
  summary: 'Package lists are updated in the RUN that installs.',
  why: 'The layer of a RUN that only updates stays in the cache for as long as its text does. A later RUN then installs from lists that are months old: versions are not found any more, and security fixes are missing.',
  bad: [
    'FROM debian:13\nRUN apt-get update\nRUN apt-get install -y curl\n',
    'FROM alpine:3.22\nRUN apk update\nRUN apk add git\n',
  ],
  good: [
    'FROM debian:13\nRUN apt-get update && apt-get install -y curl\n',
    'FROM debian:13\nRUN apt-get update\n',
    'FROM debian:13\nRUN apt-get update\nRUN ./install.sh\n',
    'FROM debian:13\nRUN apt-get update\nRUN apt-get update && apt-get install -y curl\n',
    'FROM alpine:3.22\nRUN apk update\nRUN apk add --no-cache git\n',
  ],
  level: 'warning',
  *find({ stages }): Generator<Finding> {
    for (const stage of stages) yield* findInStage(stage);
  },
};

type Manager = 'apt' | 'apk';

function* findInStage({ runs }: LintStage): Generator<Finding> {
  const updated = new Map<Manager, Finding>();
  for (const { instruction, script } of runs) {
    const current = new Map<Manager, Finding>();
    const installed = new Set<Manager>();
    for (const command of script.commands) {
      const parts = packageCommand(command);
      if (parts?.manager !== 'apt' && parts?.manager !== 'apk') continue;
      const { manager, program, subcommand, options } = parts;
      const refreshes = options.some(
        (it) => it === '--no-cache' || it === '--update-cache' || /^-U$|^--update$/.test(it),
      );
      if (subcommand?.value === 'update')
        current.set(manager, {
          instruction,
          range: { start: command.nameWord!.range.start, end: subcommand.range.end },
          message: `${program} update is in a layer of its own, whose lists are old when a later RUN installs from them`,
          hint: 'Join both in one RUN, with && between them.',
        });
      else if (parts.installs || /upgrade$/.test(subcommand?.value ?? '')) {
        const before = refreshes || current.has(manager) ? undefined : updated.get(manager);
        if (before && parts.installs) {
          yield { ...before, related: [{ message: 'installs from these lists', range: command.range }] };
          updated.delete(manager);
        }
        installed.add(manager);
      }
    }
    for (const [manager, finding] of current) if (!installed.has(manager)) updated.set(manager, finding);
  }
}
