/**
 * How long tsfront's own lint rules take for a file of 5,000 lines: all rules on, the first time in a process, with the
 * texts of its commands known, and after one line has changed, as in an editor. CPU time of the process.
 */
import { lintDockerfile } from '../src/lint/lint.ts';
import { lintRules } from '../src/lint/rules.ts';
import { parseDockerfile } from '../src/parser/index.ts';
import { keepResults } from './results.ts';

/** A step of each kind that rules look at. */
const steps = (at: number): string[] => [
  `COPY --from=base /src/${at} /srv/${at}/`,
  `RUN apt-get update && apt-get install -y --no-install-recommends package-${at} \\`,
  `  && curl -fsSL https://example.com/${at}.tar.gz | tar -xz -C /opt \\`,
  '  && rm -rf /var/lib/apt/lists/*',
  `ENV NAME_${at}=$PATH:/opt/${at}`,
  `RUN chown -R app:app /srv/${at} && cd /srv/${at} && make "$(nproc)"`,
  `ARG VERSION_${at}=${at}`,
  `RUN if [ -f /srv/${at} ]; then pip install --no-cache-dir "thing==${at}"; fi`,
  `WORKDIR /work/${at}`,
  `RUN rm /tmp/${at}`,
];

const text = (changed = '') =>
  `FROM debian:13 AS base\nFROM base\n${Array.from({ length: 500 }, (_, at) => steps(at).join('\n')).join('\n')}\n${changed}`;

const rules = new Map(lintRules.map(({ name }) => [name, 'warning'] as const));

/** CPU times in milliseconds; of a repeated case the least. */
const kept = new Map<string, number>();

async function measure(title: string, file: string): Promise<void> {
  const dockerfile = parseDockerfile(file);
  const start = process.cpuUsage();
  const found = await lintDockerfile(dockerfile, { rules });
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  const name = title.replace(/, \d+$/, '');
  kept.set(name, Math.min(kept.get(name) ?? ms, ms));
  console.log(`${title.padEnd(24)} ${String(Math.round(ms)).padStart(5)} ms  ${found.length} findings`);
}

await measure('first, no command', 'FROM scratch\nCOPY a /a\n');
await measure('first, one command', 'FROM debian:13\nRUN make\n');
await measure('5,000 lines, first', text());
for (let run = 1; run <= 5; run++) await measure(`one line changed, ${run}`, text(`RUN make ${run}\n`));
const twice = text() + Array.from({ length: 500 }, (_, at) => steps(500 + at).join('\n')).join('\n');
await measure('10,000 lines', twice);
await measure('10,000 lines, again', twice);
keepResults('lint', kept);
