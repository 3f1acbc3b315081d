/**
 * `npm run bench`: how long compiling takes and how it grows. Each file is compiled in a process of its own, first
 * cold, then over and over; what is measured is the whole frontend from the bytes of the Dockerfile to the marshalled
 * graph, and each warning written for people.
 *
 *   node bench/compile.ts --only=1,000   the cases whose name contains a text
 */
import { fork } from 'node:child_process';
import { formatWarning } from '../src/cli/problems.ts';
import { compile } from '../src/daemonless/compile.ts';
import { memoryTree } from '../src/daemonless/file-tree.ts';
import { parsePlatform } from '../src/image/platform.ts';
import type { ImageResolver } from '../src/resolve/resolver.ts';
import { CpuMeter, cpuTime, keepResults } from './results.ts';
import { instructions, stages } from './shared/dockerfiles.ts';

const typical = `ARG NODE_VERSION=22
FROM node:\${NODE_VERSION} AS base
ENV NODE_ENV=production
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY scripts ./scripts
RUN ./scripts/prepare.sh

FROM dependencies AS build
COPY tsconfig.json ./
COPY src ./src
RUN npm run build
COPY test ./test
RUN npm test

FROM base AS tools
RUN --mount=type=secret,id=token cp /run/secrets/token /tmp/token
RUN npm install --global pino-pretty
COPY --link bin /usr/local/bin

FROM base
LABEL org.opencontainers.image.title=app
COPY --from=tools /usr/local/lib/node_modules /usr/local/lib/node_modules
COPY --from=dependencies --chown=node:node /app/node_modules ./node_modules
COPY --from=build --chown=node:node /app/dist ./dist
COPY --chmod=755 entrypoint.sh /
RUN mkdir data
RUN chown node data
COPY assets ./assets
USER node
EXPOSE 8080
HEALTHCHECK CMD wget -qO- http://localhost:8080/
CMD ["node", "dist/server.js"]
`;

const runs = (count: number) => `FROM node:22\n${Array.from({ length: count }, (_, i) => `RUN echo ${i}\n`).join('')}`;

/** One for each RUN, about its casing. */
const warnings = (count: number) => runs(count).replaceAll('RUN', 'Run');

interface Case {
  readonly name: string;
  readonly text: string;
  /** Milliseconds that a warm compilation may take. */
  readonly aim?: number;
}

const cases: readonly Case[] = [
  { name: 'typical, 30 lines', text: typical, aim: 1.5 },
  { name: '1,000 instructions', text: instructions(1_000, 'all') },
  { name: '4,000 instructions', text: instructions(4_000, 'all') },
  { name: '16,000 instructions', text: instructions(16_000, 'all') },
  { name: '100 stages of 40', text: stages(100, 40) },
  { name: '3,000 RUN', text: runs(3_000), aim: 200 },
  { name: '10,000 warnings', text: warnings(10_000) },
  { name: '40,000 warnings', text: warnings(40_000) },
];

const config = {
  architecture: 'amd64',
  os: 'linux',
  config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] },
  rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] },
};
const images: ImageResolver = {
  resolve: async () => ({ digest: `sha256:${'1'.repeat(64)}`, config: Buffer.from(JSON.stringify(config)) }),
};

interface Measured {
  readonly ops: number;
  readonly cold: number;
  /** Median, and the best: what is left when nothing else runs on the machine. */
  readonly warm: number;
  readonly best: number;
  /** The least CPU time of the main thread. */
  readonly cpu: number;
  readonly peak: number;
}

/** Compiles one file for some seconds; times in milliseconds, the peak of the process in MB. */
async function measure(text: string): Promise<Measured> {
  const files = memoryTree(new Map([['Dockerfile', Buffer.from(text)]]));
  const once = async () => {
    const start = performance.now();
    const startCpu = cpuTime();
    const compiled = await compile({
      opts: {},
      locals: new Map([
        ['context', files],
        ['dockerfile', files],
      ]),
      images: [images],
      platform: parsePlatform('linux/amd64'),
    });
    for (const warning of compiled.warnings) formatWarning(warning, { stderrHasColor: false });
    return {
      time: performance.now() - start,
      cpu: cpuTime() - startCpu,
      ops: compiled.definitions.get('')!.def.length,
    };
  };
  const first = await once();
  const times: number[] = [];
  const meter = new CpuMeter();
  const end = performance.now() + 4_000;
  while (times.length < 3 || (performance.now() < end && times.length < 2_000)) {
    const found = await once();
    times.push(found.time);
    meter.add(found.cpu);
  }
  times.sort((a, b) => a - b);
  const peak = process.resourceUsage().maxRSS / 1024;
  return {
    ops: first.ops,
    cold: first.time,
    warm: times[times.length >> 1]!,
    best: times[0]!,
    cpu: meter.result(),
    peak,
  };
}

function inOwnProcess(index: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [String(index)]);
    child.once('message', (message) => resolve(message as Measured));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the measuring process ended with ${code}`)));
  });
}

async function main(): Promise<void> {
  const row = (...cells: string[]) =>
    console.log(cells.map((cell, i) => (i ? cell.padStart(11) : cell.padEnd(22))).join(''));
  row('compile', 'ops', 'cold ms', 'warm ms', 'best ms', 'µs/op', 'peak MB', 'aim');
  const cpu = new Map<string, number>();
  for (const [index, { name, aim }] of cases.entries()) {
    if (!name.includes(only)) continue;
    const found = await inOwnProcess(index);
    cpu.set(name, found.cpu);
    const verdict = aim === undefined ? '' : `${found.best < aim ? 'under' : 'OVER'} ${aim}`;
    const perOp = ((found.best * 1000) / found.ops).toFixed(1);
    row(
      name,
      String(found.ops),
      found.cold.toFixed(1),
      found.warm.toFixed(2),
      found.best.toFixed(2),
      perOp,
      found.peak.toFixed(0),
      verdict,
    );
  }
  const growth = (from: string, to: string, aim: string) => {
    const times = [cpu.get(to), cpu.get(from)];
    if (times[0] && times[1]) console.log(`${to} / ${from}: ${(times[0] / times[1]).toFixed(2)} (linear is 4; ${aim})`);
  };
  growth('1,000 instructions', '4,000 instructions', 'aim: less than 5');
  growth('4,000 instructions', '16,000 instructions', 'aim: less than 5');
  growth('10,000 warnings', '40,000 warnings', 'aim: less than 5');
  keepResults('compile', cpu);
}

const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length) ?? '';
const index = process.argv[2];
if (index === undefined || index.startsWith('--')) await main();
else process.send!(await measure(cases[Number(index)]!.text), () => process.disconnect());
