/** The immutable state: a filesystem to be built, and the values that its runs inherit. */
import { splitAtFirst } from '../go/split-at-first.ts';
import type { Turns } from '../host/turns.ts';
import { type OciImageConfig, parseOciImageConfig } from '../image/config.ts';
import { aPlatform, normalizePlatform, type Platform } from '../image/platform.ts';
import { aFunction, aString, checkArgument } from '../text/arguments.ts';
import type { BaseImage } from './base-image.ts';
import { type BuildOptions, BuildVertex } from './build.ts';
import type { Constraints, MarshalOptions } from './constraints.ts';
import type { Definition } from './definition.ts';
import type { EnvList } from './env-list.ts';
import {
  ExecVertex,
  type ExtraHost,
  type NetworkMode,
  type RunOptions,
  resolveDir,
  type SecurityMode,
  type Ulimit,
} from './exec.ts';
import { FileVertex } from './file.ts';
import type { FileAction } from './file-action.ts';
import { aFileAction, anImageConfig, marshalOptions, runOptions } from './llb-arguments.ts';
import { marshal, marshalInTurns } from './marshal.ts';
import { PassthroughVertex } from './passthrough-vertex.ts';
import { initialValues, type StateValues } from './state-values.ts';
import type { Filesystem, Output } from './vertex.ts';

/**
 * A filesystem to be built and the values that its runs inherit. A state never changes: each method returns a new
 * state, so several states can be made of one.
 *
 * @example
 * const base = image('alpine:3.20').addEnv('CGO_ENABLED', '0').dir('/src');
 * const built = base.run({ shlex: 'go build -o /out/app .' }).root;
 * const definition = built.marshal({ platform: parsePlatform('linux/arm64') });
 */
export class State implements Filesystem {
  /** The filesystem, as an output of a vertex; undefined for scratch. */
  readonly output: Output | undefined;
  private readonly values: StateValues;
  private readonly marshalDefaults: MarshalOptions | undefined;

  private constructor(output: Output | undefined, values: StateValues, marshalDefaults?: MarshalOptions) {
    this.output = output;
    this.values = values;
    this.marshalDefaults = marshalDefaults;
  }

  /**
   * Makes a state of an output. The platform of the output overrides that of the values. For code that makes ops;
   * `image`, `local`, `scratch` and so on call it.
   *
   * @param values those of a new state if absent
   */
  static fromOutput(output: Output | undefined, values: StateValues = initialValues): State {
    const platform = output && 'vertex' in output ? output.platform : undefined;
    return new State(output, platform ? { ...values, platform: normalizePlatform(platform) } : values);
  }

  /** Whether this is the empty filesystem. */
  isScratch(): boolean {
    return this.output === undefined;
  }

  /** Sets an environment variable. A variable that exists moves to the end of the list. */
  addEnv(key: string, value: string): State {
    checkArgument('addEnv', 'key', key, aString);
    checkArgument('addEnv', 'value', value, aString);
    return this.set({ env: this.values.env.addOrReplace(key, value) });
  }

  /** Returns the environment variables. */
  env(): EnvList {
    return this.values.env;
  }

  /** Returns the value of an environment variable; undefined if it is not set. */
  getEnv(key: string): string | undefined {
    return this.values.env.get(key);
  }

  /** Sets the working directory. A relative path is resolved against the current one. */
  dir(path: string): State {
    checkArgument('dir', 'path', path, aString);
    return this.set({ dir: resolveDir(this.values.dir, path), dirGiven: true });
  }

  /** Whether `dir` set the working directory; false if it is that of the base image, or `/`. */
  hasOwnDir(): boolean {
    return this.values.dirGiven;
  }

  /** Returns the working directory; `/` in a new state. */
  getDir(): string {
    return this.values.dir;
  }

  /** Sets the user, `user[:group]` by name or number. */
  user(user: string): State {
    checkArgument('user', 'user', user, aString);
    return this.set({ user });
  }

  /** Returns the user; '' if it is not set, which means root. */
  getUser(): string {
    return this.values.user;
  }

  /** Sets the hostname. */
  hostname(hostname: string): State {
    checkArgument('hostname', 'hostname', hostname, aString);
    return this.set({ hostname });
  }

  /** Returns the hostname; '' if it is not set. */
  getHostname(): string {
    return this.values.hostname;
  }

  /** Sets the network. `host` needs the entitlement `network.host`. */
  network(network: NetworkMode): State {
    return this.set({ network });
  }

  /** Returns the network; `sandbox` in a new state. */
  getNetwork(): NetworkMode {
    return this.values.network;
  }

  /** Sets the privileges. `insecure` needs the entitlement `security.insecure`. */
  security(security: SecurityMode): State {
    return this.set({ security });
  }

  /** Returns the privileges; `sandbox` in a new state. */
  getSecurity(): SecurityMode {
    return this.values.security;
  }

  /** Sets the platform. */
  platform(platform: Platform): State {
    checkArgument('platform', 'platform', platform, aPlatform);
    return this.set({ platform: normalizePlatform(platform) });
  }

  /** Returns the platform; undefined if it is that of the graph, which `marshal` sets. */
  getPlatform(): Platform | undefined {
    return this.values.platform;
  }

  /** Adds a line to /etc/hosts. */
  addExtraHost(host: ExtraHost): State {
    return this.set({ extraHosts: [...this.values.extraHosts, host] });
  }

  /** Adds a resource limit. */
  addUlimit(ulimit: Ulimit): State {
    return this.set({ ulimits: [...this.values.ulimits, ulimit] });
  }

  /** Sets the control group in which the control groups of runs are made. */
  cgroupParent(cgroupParent: string): State {
    return this.set({ cgroupParent });
  }

  /**
   * Runs a command on this filesystem. Options that a state has too (`env`, `dir`, `user` …) apply to this run only.
   *
   * @throws Error if `shlex` cannot be split into words
   * @example
   * const { root } = image('node:24-alpine').dir('/app').run({
   *   shlex: 'npm ci',
   *   mounts: [{ type: 'cache', target: '/root/.npm', id: 'npm' }],
   *   secrets: [{ id: 'token', target: '/run/secrets/token' }],
   * });
   */
  run(options: RunOptions): ExecState {
    checkArgument('run', 'options', options, runOptions);
    return new ExecState(this, new ExecVertex(this, this.values, options));
  }

  /**
   * Applies file actions to this filesystem in one op.
   *
   * @example
   * image('alpine').file(mkdir('/app', 0o755).copy(local('src'), '/', '/app', { copyDirContentsOnly: true }));
   */
  file(action: FileAction, constraints: Constraints = {}): State {
    checkArgument('file', 'action', action, aFileAction);
    return this.onto({ vertex: new FileVertex(this, action, constraints), index: 0 });
  }

  /**
   * Applies a function to this state, for settings that several states share.
   *
   * @example
   * const proxied = (state: State) => state.addEnv('HTTP_PROXY', 'http://proxy:3128');
   * image('alpine').with(proxied).run({ shlex: 'apk add git' });
   */
  with(change: (state: State) => State): State {
    checkArgument('with', 'change', change, aFunction);
    return change(this);
  }

  /** Makes this filesystem depend on others: it is built only together with them. `id` distinguishes such ops. */
  requires(id: string, ...others: readonly State[]): State {
    if (others.length === 0) return this;
    const edges = [this, ...others].flatMap((state, index) =>
      state.output ? { output: state.output, hasOutput: index === 0 } : [],
    );
    return this.onto({ vertex: new PassthroughVertex(id, edges, {}), index: 0 });
  }

  /**
   * Builds the definition that a file of this filesystem contains.
   *
   * @throws Error if this is scratch
   */
  build(options: BuildOptions = {}): State {
    if (!this.output) throw new Error('cannot build from scratch: no file holds a definition');
    return this.onto({ vertex: new BuildVertex(this.output, options), index: 0 });
  }

  /** Combines the values of this state with the filesystem of another. */
  withOutput(other: State): State {
    return this.onto(other.output);
  }

  /** Combines this filesystem with the values of another state. */
  reset(other: State): State {
    // As in the reference, the directory is that of a new state if the output has no platform.
    const values = State.fromOutput(this.output).values;
    return State.fromOutput(
      this.output,
      values.platform ? other.values : { ...other.values, dir: values.dir, dirGiven: true },
    );
  }

  /** Returns the image that this state began with; undefined if it began with another source or scratch. */
  baseImage(): BaseImage | undefined {
    return this.values.baseImage;
  }

  /**
   * Adds the environment, working directory and platform of an image config. As with BuildKit's Go client, runs do not
   * have the rest of the config (user, entry point, labels …); an image that `imageFrontend` of `tsfront/client` makes
   * of the state does.
   *
   * @param config JSON or parsed
   * @throws Error if the JSON is invalid
   */
  withImageConfig(config: Uint8Array | OciImageConfig): State {
    checkArgument('withImageConfig', 'config', config, anImageConfig);
    const parsed = config instanceof Uint8Array ? parseOciImageConfig(config) : config;
    const { config: container, architecture, os, variant, osVersion, osFeatures } = parsed;
    let state: State = this;
    for (const line of container.env) {
      const [key, value = ''] = splitAtFirst(line, '=');
      if (key !== '') state = state.addEnv(key, value);
    }
    state = state.set({
      dir: resolveDir(state.values.dir, container.workingDir),
      dirGiven: false,
      baseImage: { ...this.values.baseImage, config },
    });
    if (architecture === '' || os === '') return state;
    return state.platform({ architecture, os, variant, osVersion, osFeatures: osFeatures ?? [] });
  }

  /** Sets default options for `marshal` of this state. States that are made of it do not have them. */
  withMarshalDefaults(options: MarshalOptions): State {
    checkArgument('withMarshalDefaults', 'options', options, marshalOptions);
    return new State(this.output, this.values, options);
  }

  /**
   * Makes a definition of the graph that ends in this state. Ops with the same digest are written once.
   *
   * @throws Error if the graph is invalid, as BuildKit's Go client does: an invalid reference, a run without arguments,
   * the use of a mount that has no output
   * @example
   * const { def } = image('alpine').run({ args: ['true'] }).root.marshal();
   */
  marshal(options?: MarshalOptions): Definition {
    checkArgument('marshal', 'options', options, marshalOptions);
    return marshal(this.output, override(this.marshalDefaults, options), options);
  }

  /** Like {@link State.marshal}, but other work gets a turn, because a graph of many ops takes seconds. */
  async marshalInTurns(turns: Turns, options?: MarshalOptions): Promise<Definition> {
    return marshalInTurns(this.output, override(this.marshalDefaults, options), options, turns);
  }

  private set(change: Partial<StateValues>): State {
    return new State(this.output, { ...this.values, ...change });
  }

  private onto(output: Output | undefined): State {
    return State.fromOutput(output, this.values);
  }
}

/** Overrides options with those that are not undefined. */
function override(defaults: MarshalOptions | undefined, options: MarshalOptions | undefined): MarshalOptions {
  const overrides = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(overrides) };
}

/**
 * Returns the empty filesystem.
 *
 * @example
 * scratch().file(mkfile('/hello', 0o644, 'hello\n'));
 */
export function scratch(): State {
  return empty;
}

const empty = State.fromOutput(undefined);

/** The results of a run. */
export class ExecState {
  /** The root filesystem after the run, with the values of the state that the command ran on. */
  readonly root: State;
  private readonly vertex: ExecVertex;

  constructor(before: State, vertex: ExecVertex) {
    this.vertex = vertex;
    this.root = before.withOutput(State.fromOutput(vertex.root()));
  }

  /**
   * Returns the filesystem of a mount after the run, with the values of the source of the mount. If the mount has no
   * output (a cache, a tmpfs, `forceNoOutput`), marshalling an op that uses the state throws.
   *
   * @throws Error if nothing is mounted at `target`
   * @example
   * const run = image('alpine').run({ shlex: 'touch /out/x', mounts: [{ target: '/out', source: scratch() }] });
   * const out = run.mount('/out');
   */
  mount(target: string): State {
    const mounted = this.vertex.mounted(target);
    if (!mounted) throw new Error(`nothing is mounted at ${target}`);
    const { mount, output } = mounted;
    const source = mount.type === 'tmpfs' ? undefined : mount.source;
    return (source instanceof State ? source : scratch()).withOutput(State.fromOutput(output));
  }
}
