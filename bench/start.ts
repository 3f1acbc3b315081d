/**
 * What a frontend costs: its size; CPU from the start of its process to the answer of its first call, and to the result
 * of a typical build; memory; CPU of large Dockerfiles. The program of the frontend image, the same frontend on Node,
 * and Docker's own are measured in turns. What the image aims at stands beside it.
 *
 *   FRONTEND=FILE    the program of the image, instead of one that is made here
 *   REFERENCE=FILE   the program of Docker's own frontend
 *
 * Then how long the command line takes, and how long cached builds take with the engine that
 * `npm run engine -- start forky` prints the settings of.
 *
 * `node bench/start.ts dist/frontend.js` measures only that frontend on Node.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeBinaries } from '../scripts/image/binaries.mjs';
import { type GoldenCase, goldenNames, readCase } from '../test/golden/cases.ts';
import { keepResults } from './results.ts';
import { instructions, stages } from './shared/dockerfiles.ts';
import { measure } from './shared/frontend-process.ts';

const project = path.resolve(import.meta.dirname, '..');
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const rounds = 15;
const roundsOfLarge = 3;
const reference = "Docker's own";

/** A command's output, or undefined where it fails or is not there. */
function output(command: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { cwd: project, encoding: 'utf8', maxBuffer: 1 << 28 });
  return status === 0 ? stdout.trim() : undefined;
}

const compressedSize = (file: string) => gzipSync(readFileSync(file), { level: 9 }).length / 1e6;

const typicalName = goldenNames().find((other) => other.startsWith('realistic/'))!;
const typical = readCase(typicalName);

/** A case of another Dockerfile, with the images that it is built from. */
function caseOf(text: string): GoldenCase {
  const node = typical.images['docker.io/library/node:22-alpine']!;
  return { comment: '', files: new Map([['Dockerfile', text]]), images: { 'docker.io/library/node:22': node } };
}

/** A frontend: its title, the command that starts it, and its program, whose size is measured. */
interface Frontend {
  readonly title: string;
  readonly command: readonly string[];
  readonly file: string;
}

const onNode = (file: string): Frontend => ({ title: 'on Node', command: [process.execPath, file], file });
const asProgram = (title: string, file: string): Frontend => ({ title, command: [file], file });

async function compareFrontends(frontends: readonly Frontend[]): Promise<void> {
  const commands = frontends.map(({ command }) => command);
  const sizes = frontends.map(({ file }) => compressedSize(file));
  const small = await measure(commands, typical, rounds);
  const long = await measure(commands, caseOf(instructions(3_000, 'all')), roundsOfLarge);
  const wide = await measure(commands, caseOf(stages(100, 40)), roundsOfLarge);
  const times: [what: string, values: readonly number[], aim: string][] = [
    ['CPU to the first answer', small.map((cost) => cost.cpuToFirstAnswer), '1.0×'],
    [`CPU of ${typicalName}`, small.map((cost) => cost.cpuOfBuild), '1.0×'],
    ['CPU of 3,000 instructions', long.map((cost) => cost.cpuOfBuild), '1.0×'],
    ['CPU of 100 stages of 40', wide.map((cost) => cost.cpuOfBuild), '3.0×'],
  ];
  const memory = (costs: readonly { readonly peak: number }[]) => costs.map(({ peak }) => peak);
  const rows: [what: string, values: readonly number[], unit: string, aim: string][] = [
    ['compressed (gzip)', sizes, 'MB', '2 MB'],
    ...times.map(([what, values, aim]): [string, readonly number[], string, string] => [what, values, 'ms', aim]),
    [`memory of ${typicalName}`, memory(small), 'MB', '10 MB'],
    ['memory of 100 stages of 40', memory(wide), 'MB', ''],
  ];
  const isCompared = frontends.length > 2;
  const line = (cells: readonly string[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(34) : cell.padStart(14))).join(''));
  line(['', ...frontends.map(({ title }) => title), ...(isCompared ? ['image/own'] : []), 'aim']);
  for (const [what, values, unit, aim] of rows) {
    const shown = values.map((value) => `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`);
    const ratio = isCompared ? [`${(values[0]! / values.at(-1)!).toFixed(2)}×`] : [];
    line([what, ...shown, ...ratio, aim]);
  }
  const kept = frontends.flatMap(({ title }, i) =>
    title === reference ? [] : times.map(([what, values]) => [`${title}: ${what}`, values[i]!] as const),
  );
  keepResults('start', new Map(kept));
}

const dockerfileOfProgram = `FROM node:22 AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
FROM dependencies AS build
COPY . .
RUN npm run build
FROM node:22
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build --chown=1000:1000 /app/dist ./dist
LABEL org.opencontainers.image.title="app"
EXPOSE 3000
USER 1000
HEALTHCHECK --interval=30s CMD node dist/health.js
ENTRYPOINT ["node"]
CMD ["dist/main.js"]
`;

const program = `// syntax=ghcr.io/org/tsfront
import { arg, image, mount, type Stage } from 'tsfront/build';

const version = arg('NODE_VERSION', { default: '22', description: 'Node.js' });

interface Options {
  readonly name: string;
  readonly port: number;
}

const options: Options = { name: 'app', port: 3000 };

/** The modules that the application needs. */
const dependencies = (): Stage =>
  image(\`node:\${version}\`)
    .workdir('/app')
    .copy(['package.json', 'package-lock.json'], './')
    .run('npm ci', { mounts: [mount.cache('/root/.npm')] })
    .as('dependencies');

/** The compiled application. */
export const build = (): Stage => dependencies().copy('.', '.').run('npm run build').as('build');

/** The image. */
export default function app(): Stage {
  return image(\`node:\${version}\`)
    .env({ NODE_ENV: 'production', PORT: String(options.port) })
    .workdir('/app')
    .copy(dependencies(), '/app/node_modules', './node_modules')
    .copy(build(), '/app/dist', './dist', { chown: '1000:1000' })
    .label('org.opencontainers.image.title', options.name)
    .expose(options.port)
    .user('1000')
    .healthcheck('node dist/health.js', { interval: '30s' })
    .entrypoint(['node'])
    .cmd(['dist/main.js']);
}
`;

/** What it costs to write a build as a program: the same stages, by the program of the image. */
async function comparePrograms(binary: string): Promise<void> {
  const asDockerfile = await measure([[binary]], caseOf(dockerfileOfProgram), rounds);
  const files = new Map([['build.ts', program.replace(/^.*\n/, '')]]); // the frontend is chosen already
  const asProgram = await measure([[binary]], { ...caseOf(''), files, opts: { filename: 'build.ts' } }, rounds);
  const [one, other] = [asProgram[0]!, asDockerfile[0]!];
  console.log(
    `\na program of ${program.split('\n').length - 1} lines: CPU ${one.cpuOfBuild.toFixed(1)} ms, memory ${one.peak.toFixed(1)} MB; ` +
      `as a Dockerfile: ${other.cpuOfBuild.toFixed(1)} ms, ${other.peak.toFixed(1)} MB; ratio ${(one.cpuOfBuild / other.cpuOfBuild).toFixed(2)}× (the CPU of the frontend alone)`,
  );
}

/** The least time of whole processes of the command line, beside that of Node alone. */
function timeCommands(directory: string): void {
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'Dockerfile'), 'FROM scratch\nCOPY file /\nCMD ["/file"]\n');
  writeFileSync(path.join(directory, 'file'), '');
  const cli = path.join(project, 'dist/cli.js');
  const commands: readonly (readonly [title: string, args: readonly string[]])[] = [
    ['node -e 0', ['-e', '0']],
    ['tsfront --version', [cli, '--version']],
    ['tsfront compile of a small file', [cli, 'compile', directory]],
  ];
  const times = commands.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++)
    for (const [i, [title, args]] of commands.entries()) {
      const start = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      times[i] = Math.min(times[i]!, performance.now() - start);
      if (status !== 0) throw new Error(`${title} failed: ${stderr}`);
    }
  console.log('\nwhole processes of the command line');
  for (const [i, [title]] of commands.entries())
    console.log(`${title.padEnd(34)}${`${times[i]!.toFixed(0)} ms`.padStart(14)}${ratioTo(times[0]!, times[i]!)}`);
  console.log('the aim of the last is less than 4×');
}

const ratioTo = (unit: number, time: number) => `${(time / unit).toFixed(2)}×`.padStart(14);

/** Builds of one directory that are timed: a title, and the file that is built. */
type CachedBuilds = readonly (readonly [title: string, file: string, text: string])[];

/** The median wall time of builds whose steps are all cached, in turns, beside the first of them. */
function timeBuilds(what: string, dir: string, builds: CachedBuilds): void {
  const build = (name: string, text: string) => {
    const file = path.join(dir, name);
    writeFileSync(file, text);
    const flags = ['-q', '--provenance=false', '-o', 'type=cacheonly', '-f', file];
    const start = performance.now();
    const built = output('docker', 'buildx', 'build', ...flags, dir);
    if (built === undefined) throw new Error(`the build of this file failed:\n${text}`);
    return performance.now() - start;
  };
  const times = builds.map(() => [] as number[]);
  for (let round = 0; round <= rounds; round++)
    for (const [i, [, name, text]] of builds.entries()) {
      const time = build(name, text);
      if (round > 0) times[i]!.push(time); // the first fills the cache
    }
  const medians = times.map((all) => all.sort((a, b) => a - b)[all.length >> 1]!);
  console.log(`\n${what}, docker's start and all`);
  for (const [i, [title]] of builds.entries())
    console.log(
      `${title.padEnd(34)}${`${medians[i]!.toFixed(0)} ms`.padStart(14)}${ratioTo(medians[0]!, medians[i]!)}`,
    );
}

/** Cached builds, by each frontend there is, and as a program. */
function compareBuilds(directory: string, binary: string, ownFrontend: string | undefined): void {
  const registry = process.env['ENGINE_REGISTRY'];
  if (!registry || output('docker', 'buildx', 'version') === undefined) {
    console.log('\nskipped: cached builds, for which `npm run engine -- start forky` prints what to set');
    return;
  }
  const imageOf = (...args: readonly string[]) => {
    const name = output('test/engine/image.sh', ...args);
    if (name === undefined) throw new Error(`the image cannot be made: ${args.join(' ')}`);
    return name;
  };
  const ours = `# syntax=${imageOf('frontend', binary, 'tsfront:bench')}`;
  const dir = path.join(directory, 'context');
  for (const name of ['.', 'node_modules', 'dist']) mkdirSync(path.join(dir, name), { recursive: true });
  for (const name of ['file', 'package.json', 'package-lock.json']) writeFileSync(path.join(dir, name), 'contents');

  const parts = Array.from({ length: 10 }, (_, i) => `FROM scratch AS s${i}\nARG A=${i}\nENV B=$A\nCOPY file /${i}\n`);
  const copies = parts.map((_, i) => `COPY --from=s${i} /${i} /all/\n`);
  const text = [...parts, 'FROM scratch\n', ...copies].join('');
  const own = ownFrontend ? `# syntax=${imageOf('frontend', ownFrontend, 'test/docker-frontend:bench')}` : undefined;
  timeBuilds('a cached build of 11 stages', dir, [
    ['the frontend in the engine', 'Dockerfile', `# no syntax line\n${text}`],
    ['our image', 'Dockerfile', `${ours}\n${text}`],
    ...(own ? [["an image of Docker's own", 'Dockerfile', `${own}\n${text}`] as const] : []),
  ]);

  const base = imageOf('base');
  const here = (file: string) =>
    file
      .replace(/FROM node:22/g, `FROM ${base}`)
      .replace(/`node:\$\{version\}`/g, `'${base}'`)
      .replace(/npm ci/g, 'mkdir -p node_modules')
      .replace(/npm run build/g, 'echo built');
  timeBuilds('a cached build as a program (aim 1.3×)', dir, [
    ['as a Dockerfile', 'Dockerfile', `${ours}\n${here(dockerfileOfProgram)}`],
    ['as a program', 'build.ts', here(program).replace(/^.*\n/, `${ours.replace('#', '//')}\n`)],
  ]);
}

const bundle = path.join(project, 'dist/frontend.js');
const given = process.argv.slice(2).find((arg) => !arg.startsWith('--'));
if (given !== undefined) await compareFrontends([onNode(path.resolve(given))]);
else {
  const directory = mkdtempSync(path.join(tmpdir(), 'tsfront-bench-'));
  try {
    const { FRONTEND, REFERENCE } = process.env;
    const image = FRONTEND ?? (await makeBinaries([architecture], directory))[architecture]!;
    const own = REFERENCE ? [asProgram(reference, REFERENCE)] : [];
    await compareFrontends([asProgram('the image', image), onNode(bundle), ...own]);
    if (!REFERENCE) console.log("Docker's own frontend is not measured: REFERENCE names its program");
    await comparePrograms(image);
    timeCommands(path.join(directory, 'small'));
    compareBuilds(directory, image, REFERENCE);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
