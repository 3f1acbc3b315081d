/** Sends lint warnings to the daemon, which shows them with the lines of the Dockerfile. */
import { type Finding, formatFinding } from '../check/linter.ts';
import { lineRanges } from '../lower/source-location.ts';
import type { Bridge } from './bridge.ts';
import type { SourceDescription } from './source-info.ts';

export interface Warner {
  warn(finding: Finding): void;
  /** Resolves when all warnings have arrived. */
  sent(): Promise<void>;
}

/** Warnings belong to the vertex that read the Dockerfile. One that cannot be delivered does not fail the build. */
export function createWarner(bridge: Bridge, source: SourceDescription): Warner {
  const vertex = source.definition?.head() ?? '';
  const pending: Promise<void>[] = [];
  return {
    warn(finding) {
      const { rule, lines } = finding;
      pending.push(
        bridge
          .warn(vertex, {
            level: 1,
            short: formatFinding(finding),
            detail: [rule.description],
            url: rule.url,
            source,
            ranges: lineRanges(lines),
          })
          .catch(() => {}),
      );
    },
    sent: async () => {
      await Promise.all(pending);
    },
  };
}
