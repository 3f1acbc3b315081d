/**
 * Real BuildKit engines for tests: Debian's dockerd in namespaces of its own (see README.md), or the user's own daemon.
 *
 * A test file asks for engines with `onEngines` (on-engines.ts); they are started when first wanted, shared by all test
 * files, and stopped at the end of the run by global-setup.ts. Where an engine cannot be had the tests are skipped
 * aloud, or fail when CI=true.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../free-port.ts';
import { type CommandOptions, type CommandResult, runCommand } from './command.ts';

/** Debian suites, each with another age of BuildKit: 0.25, 0.13 and 0.8; `own` is the daemon the environment names. */
export type Suite = 'forky' | 'trixie' | 'bookworm' | 'own';

export const suites: readonly Suite[] = ['forky', 'trixie', 'bookworm'];

export interface Engine {
  readonly suite: Suite;
  /** Address of the Docker API (`unix://…`), or '' when only BUILDKIT_HOST is set. */
  readonly dockerHost: string;
  /** Address of a bare buildkitd of the user's, otherwise ''. */
  readonly buildkitHost: string;
  /** Address of its BuildKit: one of the two. */
  readonly address: string;
  /** A registry that both this machine and the engine reach under this name (`localhost:5000`). */
  readonly registry: string;
  /** The environment for docker, buildx and our own commands against this engine. */
  readonly env: NodeJS.ProcessEnv;
  /** Where the engine lives: logs in `run/`, its root in `root/`; '' for the user's own. */
  readonly home: string;
  /** Runs a command with {@link env}; never throws for an exit status. */
  run(command: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs a command and throws, with all it printed, unless it exits with 0. Returns its standard output. */
  must(command: string, args: readonly string[], options?: CommandOptions): Promise<string>;
  /** A busybox image in the registry, made on the spot: `localhost:5000/test/base:1`. */
  baseImage(): Promise<string>;
  /** Starts a server that the engine's builds reach as 127.0.0.1: a process in the engine's network. */
  serve(command: string, args: readonly string[]): ChildProcess;
  /**
   * Starts a program of the engine's root in this machine's network. It sees its root as `/`, which is `home`/root
   * here.
   * @throws Error for the user's own daemon
   */
  enter(command: string, args: readonly string[]): ChildProcess;
  /**
   * Runs engine.sh: `stop`, `start`, `kill`, `status`, `exec COMMAND…` in the engine's network, `enter COMMAND…` in its
   * root.
   */
  control(...args: string[]): Promise<CommandResult>;
}

const here = import.meta.dirname;
const homes = process.env['ENGINE_HOME'] || '/var/lib/bk-engine';
const firstPort = Number(process.env['ENGINE_PORT'] || 5000);

/**
 * The suites to test on: ENGINE_SUITES if set, or only `own` when the environment names a daemon.
 * @throws Error for a suite that there is not: its tests would be left out unnoticed
 */
export function wantedSuites(among: readonly Suite[] = suites): readonly Suite[] {
  if (process.env['DOCKER_HOST'] || process.env['BUILDKIT_HOST']) return ['own'];
  const chosen = process.env['ENGINE_SUITES']?.split(/[\s,]+/).filter(Boolean);
  const unknown = chosen?.find((name) => !suites.some((suite) => suite === name));
  if (unknown) throw new Error(`ENGINE_SUITES names ${unknown}: there are ${suites.join(', ')}`);
  return among.filter((suite) => !chosen || chosen.includes(suite));
}

interface Place {
  readonly home: string;
  readonly port: number;
}

function placeOf(suite: Suite): Place {
  return { home: path.join(homes, suite), port: firstPort + suites.indexOf(suite) };
}

function scriptEnv(place: Place): NodeJS.ProcessEnv {
  return { ...process.env, ...placeEnv(place) };
}

function placeEnv(place: Place): NodeJS.ProcessEnv {
  return { ENGINE_HOME: place.home, ENGINE_PORT: String(place.port) };
}

function createEngine(suite: Suite, place: Place | undefined, env: NodeJS.ProcessEnv): Engine {
  const run: Engine['run'] = (command, args, options) =>
    runCommand(command, args, { ...options, env: { ...env, ...options?.env } });
  const must: Engine['must'] = async (command, args, options) => {
    const result = await run(command, args, options);
    if (result.status !== 0)
      throw new Error(
        `${command} ${args.join(' ')}: ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`,
      );
    return result.stdout;
  };
  let base: Promise<string> | undefined;
  return {
    suite,
    dockerHost: env['DOCKER_HOST'] ?? '',
    buildkitHost: env['BUILDKIT_HOST'] ?? '',
    address: env['BUILDKIT_HOST'] || env['DOCKER_HOST'] || '',
    registry: env['ENGINE_REGISTRY'] ?? 'localhost:5000',
    env,
    home: place?.home ?? '',
    run,
    must,
    baseImage: () => (base ??= makeImage(must, env, place)),
    serve(command, args) {
      if (!place) return spawn(command, args, { stdio: 'ignore' });
      return spawn(path.join(here, 'engine.sh'), ['exec', command, ...args], {
        stdio: 'ignore',
        env: scriptEnv(place),
      });
    },
    enter(command, args) {
      if (!place) throw new Error("the user's own daemon has no root here");
      const script = path.join(here, 'engine.sh');
      return spawn(script, ['enter', command, ...args], { stdio: 'ignore', env: scriptEnv(place) });
    },
    control: (...args) => {
      if (!place) throw new Error("the user's own daemon is not ours to control");
      return runCommand(path.join(here, 'engine.sh'), args, { env: scriptEnv(place) });
    },
  };
}

async function makeImage(must: Engine['must'], env: NodeJS.ProcessEnv, place: Place | undefined): Promise<string> {
  const name = 'test/base:1';
  await must(path.join(here, 'image.sh'), ['base', name], place ? { env: placeEnv(place) } : {});
  return `${env['ENGINE_REGISTRY'] ?? 'localhost:5000'}/${name}`;
}

/** Unpacks a suite's engine from Debian packages (as root, on Debian). */
export function installEngine(suite: Suite): Promise<CommandResult> {
  const env = { ...scriptEnv(placeOf(suite)), ENGINE_SUITES: suite };
  return runCommand(path.join(here, 'install.sh'), [], { env, timeout: 1_200_000 });
}

/** Starts the engine of a suite, unless it is up, or tells why it cannot. */
export async function startEngine(suite: Suite, place = placeOf(suite)): Promise<Engine> {
  if (suite === 'own') return createEngine('own', undefined, { ...process.env });
  if (!existsSync(path.join(place.home, 'root/.engine-ready')))
    throw new Error(`the ${suite} engine is not installed: npm run engine install ${suite}`);
  const started = await runCommand(path.join(here, 'engine.sh'), ['start'], {
    env: scriptEnv(place),
    timeout: 1_200_000,
  });
  if (started.status !== 0) throw new Error(`the ${suite} engine does not start:\n${started.stderr}`);
  return createEngine(suite, place, {
    ...process.env,
    DOCKER_HOST: `unix://${place.home}/root/run/docker.sock`,
    DOCKER_CONFIG: path.join(place.home, 'docker-config'),
    ENGINE_REGISTRY: `localhost:${place.port}`,
    PATH: `${place.home}/bin:${process.env['PATH']}`,
  });
}

/** A second engine of a suite with data of its own, for tests that kill it or fill it. The caller ends it. */
export async function startPrivateEngine(suite: Suite, name: string): Promise<Engine & { end(): Promise<void> }> {
  const installed = placeOf(suite).home;
  const place = { home: `${installed}-${name}`, port: await freePort() };
  if (!existsSync(path.join(installed, 'root/.engine-ready')))
    throw new Error(`the ${suite} engine is not installed: npm run engine install ${suite}`);
  if (!existsSync(path.join(place.home, 'root/.engine-ready')))
    execFileSync('sh', [
      '-c',
      'mkdir -p "$2" && cp -a --reflink=auto "$1/root" "$1/bin" "$2"',
      '-',
      installed,
      place.home,
    ]);
  const engine = await startEngine(suite, place);
  return {
    ...engine,
    async end() {
      await engine.control('reset');
      rmSync(place.home, { recursive: true, force: true });
    },
  };
}

/** Which of the installed engines are up. */
export function runningEngines(): readonly Suite[] {
  return suites.filter((suite) => {
    const note = path.join(placeOf(suite).home, 'run/engine.pid');
    if (!existsSync(note)) return false;
    return existsSync(`/proc/${readFileSync(note, 'utf8').split(' ')[0]}`);
  });
}

export function stopEngine(suite: Suite): Promise<CommandResult> {
  return runCommand(path.join(here, 'engine.sh'), ['stop'], { env: scriptEnv(placeOf(suite)) });
}
