/** `docker build` as a user runs it, by the frontend of the engine or by tsfront. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CommandOptions, CommandResult } from '../engine/command.ts';
import type { Engine } from '../engine/engine.ts';
import { opsOf, stepsOf } from './ops.ts';
import { type ExportedImage, readImages } from './read-image.ts';

export interface Step {
  readonly name: string;
  readonly cached: boolean;
}

/** Reads `--progress=plain`: every step with its name, and whether it was cached. */
export function readSteps(progress: string): Step[] {
  const names = new Map<string, string>();
  const cached = new Set<string>();
  for (const line of progress.split('\n')) {
    const [, id = '', rest = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
    if (!id) continue;
    if (!names.has(id)) names.set(id, rest);
    if (rest === 'CACHED') cached.add(id);
  }
  return [...names].map(([id, name]) => ({ name, cached: cached.has(id) }));
}

const notCached = /^\[([^\]]* )?internal\]|^\[(context|auth) |\] FROM |^\[[^\]]*\] \S+\/\S+$/;

/** The steps of a build that a cache can hold, and that were run all the same. */
export function uncachedSteps(progress: string): string[] {
  const steps = readSteps(progress).filter(({ name }) => name.startsWith('[') && !notCached.test(name));
  // The source of an ADD, which is always asked for news, has the same name as the step that copies it.
  const cached = new Set(steps.filter((step) => step.cached).map(({ name }) => name));
  return [...new Set(steps.map(({ name }) => name))].filter((name) => !cached.has(name));
}

/** The command of a build with `args`, with buildx where the suite has it. */
export function buildCommand(engine: Engine, args: readonly string[]): readonly string[] {
  const verb = engine.suite === 'bookworm' ? ['build'] : ['buildx', 'build', '--provenance=false'];
  return [...verb, '--progress=plain', ...args];
}

export function dockerBuild(
  engine: Engine,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return engine.run('docker', buildCommand(engine, args), {
    timeout: 180_000,
    ...options,
    env: { DOCKER_BUILDKIT: '1', ...options.env },
  });
}

export interface BuiltImage {
  readonly images: readonly ExportedImage[];
  readonly progress: string;
  /** The ops of every platform, where the engine tells them. */
  readonly ops: readonly string[];
}

/** Whether a build tells its ops, in its provenance: Docker 20.10 has none. */
export const tellsOps = (engine: Engine): boolean => engine.suite === 'forky' || engine.suite === 'trixie';

/** Builds and reads what comes out. Throws with the build's whole output if it fails. */
export async function buildAndRead(
  engine: Engine,
  args: readonly string[],
  options: { readonly times?: boolean } = {},
): Promise<BuiltImage> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-out-'));
  const archive = path.join(dir, 'image.tar');
  try {
    const rewrite = options.times ? ',rewrite-timestamp=true' : '';
    const output =
      engine.suite === 'bookworm' ? ['-t', 'e2e/output:1'] : ['--output', `type=oci,dest=${archive}${rewrite}`];
    const telling = tellsOps(engine) ? ['--provenance=mode=max'] : [];
    const built = await dockerBuild(engine, [...output, ...telling, ...args]);
    if (built.status !== 0) throw new Error(`build failed\n${built.stdout}${built.stderr}`);
    if (engine.suite === 'bookworm') await engine.must('docker', ['save', '-o', archive, 'e2e/output:1']);
    const oldHistory = engine.suite === 'trixie' || engine.suite === 'bookworm';
    const { attestations = [], images = [] } = Object.groupBy(
      readImages(readFileSync(archive), { ...options, oldHistory }),
      ({ platform }) => (platform === 'attestations' ? 'attestations' : 'images'),
    );
    const statements = attestations.flatMap(({ config }) => config as { predicate: unknown }[]);
    const ops = statements.flatMap(({ predicate }) => opsOf(stepsOf(predicate)));
    return { images, progress: built.stderr, ops };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Writes a Dockerfile beside its context, not into it. Returns its path; the directory is removed by the caller. */
export function writeDockerfile(dir: string, text: string): string {
  const file = path.join(dir, 'Dockerfile');
  writeFileSync(file, text);
  return file;
}
