/** The immutable State: a filesystem to be built, and the settings that following runs inherit. */

import { isAbs, join } from '../go/path.ts';
import { type OciImageConfig, parseOciImageConfig } from '../image/config.ts';
import { normalizePlatform, type Platform } from '../image/platform.ts';
import { BuildVertex, PassthroughVertex } from './combine.ts';
import type { Definition } from './definition.ts';
import type { EnvList } from './env-list.ts';
import { ExecVertex } from './exec.ts';
import type { FileAction } from './file.ts';
import { FileVertex } from './file-op.ts';
import { marshal } from './marshal.ts';
import type {
  BuildOptions,
  Constraints,
  ExtraHost,
  MarshalOptions,
  NetworkMode,
  RunOptions,
  SecurityMode,
  Ulimit,
} from './options.ts';
import { splitWords } from './shlex.ts';
import { type BaseImage, initialValues, type StateValues } from './state-values.ts';
import type { Output } from './vertex.ts';

/**
 * A filesystem to be built (an output of a vertex; none is scratch) and the values that runs on it inherit. Every
 * method returns a new state and leaves this one as it is, so states can be forked at will.
 *
 * @example
 * const base = image('alpine:3.20').addEnv('CGO_ENABLED', '0').dir('/src');
 * const built = base.run({ shlex: 'go build -o /out/app .' }).root;
 * const definition = built.marshal({ platform: parsePlatform('linux/arm64') });
 */
export class State {
  readonly output: Output | undefined;
  private readonly values: StateValues;
  private readonly marshalDefaults: MarshalOptions | undefined;

  private constructor(output: Output | undefined, values: StateValues, marshalDefaults?: MarshalOptions) {
    this.output = output;
    this.values = values;
    this.marshalDefaults = marshalDefaults;
  }

  /** A state with an output and values; the platform of the output wins. `image`, `local`, `scratch` … call this. */
  static of(output: Output | undefined, values: StateValues = initialValues): State {
    const platform = output && 'vertex' in output ? output.platform : undefined;
    return new State(output, platform ? { ...values, platform: normalizePlatform(platform) } : values);
  }

  /** Whether this is the empty filesystem. */
  isScratch(): boolean {
    return this.output === undefined;
  }

  /** Sets a variable for following runs; one that is set already moves to the end. */
  addEnv(key: string, value: string): State {
    return this.set({ env: this.values.env.addOrReplace(key, value) });
  }

  env(): EnvList {
    return this.values.env;
  }

  getEnv(key: string): string | undefined {
    return this.values.env.get(key);
  }

  /** Changes the working directory; a relative path is one below the present directory. */
  dir(path: string): State {
    return this.set({ dir: this.pathFromDir(path), dirGiven: true });
  }

  private pathFromDir(path: string): string {
    return isAbs(path) ? path : join(this.values.dir || '/', path);
  }

  /** Whether `dir` set the working directory, and not a base image or nobody. */
  hasOwnDir(): boolean {
    return this.values.dirGiven;
  }

  getDir(): string {
    return this.values.dir;
  }

  /** `user[:group]`, by name or number. */
  user(user: string): State {
    return this.set({ user });
  }

  getUser(): string {
    return this.values.user;
  }

  hostname(hostname: string): State {
    return this.set({ hostname });
  }

  getHostname(): string {
    return this.values.hostname;
  }

  network(network: NetworkMode): State {
    return this.set({ network });
  }

  getNetwork(): NetworkMode {
    return this.values.network;
  }

  /** `insecure` needs the entitlement `security.insecure`. */
  security(security: SecurityMode): State {
    return this.set({ security });
  }

  getSecurity(): SecurityMode {
    return this.values.security;
  }

  platform(platform: Platform): State {
    return this.set({ platform: normalizePlatform(platform) });
  }

  /** undefined where the platform is left to `marshal`. */
  getPlatform(): Platform | undefined {
    return this.values.platform;
  }

  /** Adds a line to /etc/hosts of following runs. */
  addExtraHost(host: ExtraHost): State {
    return this.set({ extraHosts: [...this.values.extraHosts, host] });
  }

  addUlimit(ulimit: Ulimit): State {
    return this.set({ ulimits: [...this.values.ulimits, ulimit] });
  }

  cgroupParent(cgroupParent: string): State {
    return this.set({ cgroupParent });
  }

  /**
   * Runs a command on this filesystem. Options that a state has too (env, dir, user …) count for this run alone.
   *
   * @example
   * const { root } = image('node:24-alpine').dir('/app').run({
   *   shlex: 'npm ci',
   *   mounts: [{ type: 'cache', target: '/root/.npm', id: 'npm' }],
   *   secrets: [{ id: 'token', target: '/run/secrets/token' }],
   * });
   */
  run(options: RunOptions): ExecState {
    const args = options.args ?? (options.shlex === undefined ? [] : splitWords(options.shlex));
    return new ExecState(this, new ExecVertex(this, this.runValues(options), { args, options }));
  }

  private runValues(options: RunOptions): StateValues {
    let { env, extraHosts, ulimits } = this.values;
    const variables = options.env ?? [];
    const pairs = Symbol.iterator in variables ? variables : Object.entries(variables);
    for (const [key, value] of pairs) env = env.addOrReplace(key, value);
    if (options.extraHosts) extraHosts = [...extraHosts, ...options.extraHosts];
    if (options.ulimits) ulimits = [...ulimits, ...options.ulimits];
    return {
      ...this.values,
      env,
      extraHosts,
      ulimits,
      dir: options.dir === undefined ? this.values.dir : this.pathFromDir(options.dir),
      user: options.user ?? this.values.user,
      hostname: options.hostname ?? this.values.hostname,
      network: options.network ?? this.values.network,
      security: options.security ?? this.values.security,
      cgroupParent: options.cgroupParent ?? this.values.cgroupParent,
    };
  }

  /**
   * Applies file actions to this filesystem, in one op.
   *
   * @example
   * image('alpine').file(mkdir('/app', 0o755).copy(local('src'), '/', '/app', { copyDirContentsOnly: true }));
   */
  file(action: FileAction, constraints: Constraints = {}): State {
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
    return change(this);
  }

  /** The same filesystem, which is built only together with the others; `id` tells such ops apart. */
  requires(id: string, ...others: readonly State[]): State {
    if (others.length === 0) return this;
    const edges = [this, ...others].flatMap((state, index) =>
      state.output ? { output: state.output, handedOn: index === 0 } : [],
    );
    return this.onto({ vertex: new PassthroughVertex(id, edges, {}), index: 0 });
  }

  /** Takes this filesystem as one that holds a marshalled definition, and builds that. */
  build(options: BuildOptions = {}): State {
    if (!this.output) throw new Error('cannot build from scratch: no file holds a definition');
    return this.onto({ vertex: new BuildVertex(this.output, options.filename ?? '', options), index: 0 });
  }

  /** The values of this state on the output of another. */
  withOutput(other: State): State {
    return this.onto(other.output);
  }

  /** This filesystem with the values of another state. */
  reset(other: State): State {
    // Without a platform of its own, an output brings the directory of a fresh state along, as in the reference.
    const own = State.of(this.output).values;
    return State.of(this.output, own.platform ? other.values : { ...other.values, dir: own.dir, dirGiven: true });
  }

  /** The image whose filesystem this state began with; undefined for scratch and other sources. */
  baseImage(): BaseImage | undefined {
    return this.values.baseImage;
  }

  /**
   * Takes over environment, working directory and platform of an image config (JSON bytes or parsed). The rest of it
   * (user, entry point, labels …) is for the image that `imageFrontend` of `tsfront/client` makes of the state; runs do
   * not have it, as with BuildKit's Go client.
   */
  withImageConfig(config: Uint8Array | OciImageConfig): State {
    const {
      config: container,
      architecture,
      os,
      variant,
      osVersion,
      osFeatures,
    } = config instanceof Uint8Array ? parseOciImageConfig(config) : config;
    let state: State = this;
    for (const line of container.env) {
      const equals = line.indexOf('=');
      const key = equals < 0 ? line : line.slice(0, equals);
      if (key !== '') state = state.addEnv(key, equals < 0 ? '' : line.slice(equals + 1));
    }
    const { baseImage } = this.values;
    state = state.set({
      dir: state.pathFromDir(container.workingDir),
      dirGiven: false,
      baseImage: { ...baseImage, config },
    });
    if (architecture === '' || os === '') return state;
    return state.platform({ architecture, os, variant, osVersion, osFeatures: osFeatures ?? [] });
  }

  /** Options for `marshal` where it is called without them; they hold for this very state, not for those made of it. */
  withMarshalDefaults(options: MarshalOptions): State {
    return new State(this.output, this.values, options);
  }

  /**
   * Writes the graph that ends in this state. Ops of equal digest are written once.
   *
   * @throws where the reference's client does: invalid references, a run without arguments, unusable mounts as parents
   * @example
   * const { def } = image('alpine').run({ args: ['true'] }).root.marshal();
   */
  marshal(options?: MarshalOptions): Definition {
    return marshal(this.output, override(this.marshalDefaults, options), options);
  }

  private set(change: Partial<StateValues>): State {
    return new State(this.output, { ...this.values, ...change });
  }

  private onto(output: Output | undefined): State {
    return State.of(output, this.values);
  }
}

/** `over` on top of `under`; an option that is undefined does not count. */
function override(under: MarshalOptions | undefined, over: MarshalOptions | undefined): MarshalOptions {
  const given = Object.entries(over ?? {}).filter(([, value]) => value !== undefined);
  return { ...under, ...Object.fromEntries(given) };
}

/** The results of a run. */
export class ExecState {
  /** The filesystem after the run. */
  readonly root: State;
  private readonly vertex: ExecVertex;

  constructor(before: State, vertex: ExecVertex) {
    this.vertex = vertex;
    this.root = before.withOutput(State.of(vertex.root()));
  }

  /**
   * What the run left in a mount: a state with the values of the mount's source.
   *
   * @example
   * const run = image('alpine').run({ shlex: 'touch /out/x', mounts: [{ target: '/out', source: scratch() }] });
   * const out = run.mount('/out');
   */
  mount(target: string): State {
    const mounted = this.vertex.mounted(target);
    if (!mounted) throw new Error(`nothing is mounted at ${target}`);
    const { mount, output } = mounted;
    const source = mount.type === 'tmpfs' ? undefined : mount.source;
    return (source ?? State.of(undefined)).withOutput(State.of(output));
  }
}
