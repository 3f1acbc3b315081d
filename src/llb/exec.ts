/** The op that runs a command (`pb.ExecOp`) and its options. */
import * as pb from '../gen/pb/ops_fields.ts';
import { isAbs, join } from '../go/path.ts';
import { compareBytes } from '../go/unicode.ts';
import type { Platform } from '../image/platform.ts';
import { defaultPathEnv } from '../image/system-path.ts';
import type { ProtoWriter } from '../protobuf/writer.ts';
import type { Constraints } from './constraints.ts';
import { encodeOp } from './encode-op.ts';
import type { EnvList } from './env-list.ts';
import {
  hasOutput,
  type Mount,
  type Secret,
  type Ssh,
  sshTarget,
  writeMount,
  writeSecretMount,
  writeSshMount,
} from './mount.ts';
import { splitWords } from './shlex.ts';
import {
  type EncodeContext,
  type EncodedOp,
  type Filesystem,
  InputList,
  type OpVertex,
  type Output,
  skipOutput,
} from './vertex.ts';

/** Network of a run: its own (`sandbox`), the host's (needs the entitlement `network.host`), or none. */
export type NetworkMode = 'sandbox' | 'host' | 'none';

/** Privileges of a run: `insecure` ones are those of the daemon (needs the entitlement `security.insecure`). */
export type SecurityMode = 'sandbox' | 'insecure';

/** Options of a run. Settings that a state also has (`env`, `dir`, `user` …) override the state's for this run only. */
export type RunOptions = RunSettings &
  (
    | {
        /** The program and its arguments. */
        readonly args: readonly string[];
        readonly shlex?: undefined;
      }
    | {
        /** A command line, which `splitWords` splits into the program and its arguments. No shell runs it. */
        readonly shlex: string;
        readonly args?: undefined;
      }
  );

/** Settings of a command. */
export interface RunSettings extends Constraints {
  /** Variables to add to the state's. An object lists names that are integers first; pairs keep their order. */
  readonly env?: Readonly<Record<string, string>> | Iterable<readonly [string, string]> | undefined;
  /** Working directory, relative to the state's; the state's if absent. */
  readonly dir?: string | undefined;
  /** `user[:group]` by name or number; the state's if absent. */
  readonly user?: string | undefined;
  /** Hostname of the container; the state's if absent. */
  readonly hostname?: string | undefined;
  /** Network; the state's if absent. */
  readonly network?: NetworkMode | undefined;
  /** Privileges; the state's if absent. */
  readonly security?: SecurityMode | undefined;
  /** Filesystems to mount besides the root; none if absent. */
  readonly mounts?: readonly Mount[] | undefined;
  /** Secrets of the session that the run may read; none if absent. */
  readonly secrets?: readonly Secret[] | undefined;
  /** SSH agents of the session that the run may use; none if absent. */
  readonly ssh?: readonly Ssh[] | undefined;
  /** Lines to add to the state's lines of /etc/hosts. */
  readonly extraHosts?: readonly ExtraHost[] | undefined;
  /** Resource limits to add to the state's. */
  readonly ulimits?: readonly Ulimit[] | undefined;
  /** Control group that the run's control group is made in; the state's if absent. */
  readonly cgroupParent?: string | undefined;
  /** Devices of the daemon that the run may use; none if absent. */
  readonly devices?: readonly CdiDevice[] | undefined;
  /** Exit codes with which the run succeeds; only 0 if absent. */
  readonly validExitCodes?: readonly number[] | undefined;
  /** Proxies that the run uses; none if absent. They are not part of the cache key. */
  readonly proxy?: ProxyEnv | undefined;
  /** Mounts the root filesystem read-only, so that the run makes no new one; false if absent. */
  readonly readonlyRootFs?: boolean | undefined;
}

/** Proxies as the environment variables of the same names, in upper and lower case. */
export interface ProxyEnv {
  /** HTTP_PROXY; not set if absent. */
  readonly httpProxy?: string;
  /** HTTPS_PROXY; not set if absent. */
  readonly httpsProxy?: string;
  /** FTP_PROXY; not set if absent. */
  readonly ftpProxy?: string;
  /** NO_PROXY; not set if absent. */
  readonly noProxy?: string;
  /** ALL_PROXY; not set if absent. */
  readonly allProxy?: string;
}

/** A line of /etc/hosts. */
export interface ExtraHost {
  /** Name of the host. */
  readonly host: string;
  /** IP address of the host. */
  readonly ip: string;
}

/** A resource limit of a process, as of `ulimit`. */
export interface Ulimit {
  /** Name of the resource, e.g. `nofile`. */
  readonly name: string;
  /** Limit that is in force, in the unit of the resource. */
  readonly soft: bigint;
  /** Limit up to which the process may raise `soft`. */
  readonly hard: bigint;
}

/** A device of the Container Device Interface. */
export interface CdiDevice {
  /** Qualified name or class of the device, e.g. `vendor.com/gpu=0`. */
  readonly name: string;
  /** Runs without the device if the daemon does not have it; the run fails if false or absent. */
  readonly optional?: boolean | undefined;
}

/** The values of a state that its runs inherit. */
export interface RunValues {
  /** Environment variables. */
  readonly env: EnvList;
  /** Working directory. */
  readonly dir: string;
  /** `user[:group]`; '' for the default user of the daemon, root. */
  readonly user: string;
  /** Hostname; '' for the daemon's default. */
  readonly hostname: string;
  /** Network. */
  readonly network: NetworkMode;
  /** Privileges. */
  readonly security: SecurityMode;
  /** Platform; undefined for that of the graph. */
  readonly platform: Platform | undefined;
  /** Lines of /etc/hosts. */
  readonly extraHosts: readonly ExtraHost[];
  /** Resource limits. */
  readonly ulimits: readonly Ulimit[];
  /** Control group; '' for the daemon's default. */
  readonly cgroupParent: string;
}

/** Values of the enum `pb.NetMode`. */
export const networkModes = {
  sandbox: pb.NetMode.UNSET,
  host: pb.NetMode.HOST,
  none: pb.NetMode.NONE,
} as const satisfies Record<NetworkMode, number>;

const securityModes: Record<SecurityMode, number> = {
  sandbox: pb.SecurityMode.SANDBOX,
  insecure: pb.SecurityMode.INSECURE,
};

interface ExecMount {
  readonly mount: Mount;
  /** undefined for scratch and for mounts without a source. */
  readonly source: Output | undefined;
  /** Index among the outputs, or `skipOutput`. */
  readonly output: number;
}

/** Runs a command. */
export class ExecVertex implements OpVertex {
  private readonly args: readonly string[];
  private readonly values: RunValues;
  private readonly options: RunOptions;
  /** Sorted by target; the root is one of them. */
  private readonly mounts: readonly ExecMount[];
  private readonly rootMount: Mount;
  /**
   * Whether the daemon sets PATH, as the last marshalling with capabilities told. An SBOM scan marshals the runs of the
   * build again, without capabilities: as in the reference, they keep the answer, which the run of the scan lacks.
   */
  private setsDefaultPath = false;

  /**
   * @param values what the run inherits; the options override it
   * @throws Error if `options.shlex` cannot be split
   */
  constructor(root: Filesystem, values: RunValues, options: RunOptions) {
    this.args = options.args ?? (options.shlex === undefined ? [] : splitWords(options.shlex));
    this.values = overrideValues(values, options);
    this.options = options;
    this.rootMount = { target: '/', source: root, readonly: options.readonlyRootFs };
    const mounts = [this.rootMount, ...(options.mounts ?? [])].sort((a, b) => compareBytes(a.target, b.target));
    let outputs = 0;
    this.mounts = mounts.map((mount) => ({
      mount,
      source: mount.type === 'tmpfs' ? undefined : mount.source?.output,
      output: hasOutput(mount) ? outputs++ : skipOutput,
    }));
  }

  /** The filesystem after the run. */
  root(): Output | undefined {
    return this.output(this.mounts.find(({ mount }) => mount === this.rootMount)!);
  }

  /** A mount and its filesystem after the run; undefined if nothing is mounted at `target`. */
  mounted(target: string): { readonly mount: Mount; readonly output: Output | undefined } | undefined {
    const match = this.mounts.find(({ mount }) => mount.target === target);
    return match && { mount: match.mount, output: this.output(match) };
  }

  private output({ mount, source, output }: ExecMount): Output | undefined {
    if (mount.type === 'tmpfs') return this.unusable(`tmpfs mount for ${mount.target} can't be used as a parent`);
    if (mount.readonly) return source;
    if (mount.type === 'cache') return this.unusable(`invalid mount: ${mount.target}`);
    if (mount.forceNoOutput)
      return this.unusable(`mount marked no-output and ${mount.target} can't be used as a parent`);
    return { vertex: this, index: output, platform: this.options.platform };
  }

  private unusable(error: string): Output {
    return { vertex: this, index: 0, error };
  }

  inputs(): readonly (Output | undefined)[] {
    return this.mounts.map(({ source }) => source);
  }

  encode(context: EncodeContext): EncodedOp {
    if (this.args.length === 0) throw new Error('arguments are required');
    const caps = new Set<string>();
    const env = this.environment(context, caps);
    const inputs = new InputList();
    const mountInputs = this.mounts.map(({ source }) => inputs.add(context.input(source)));
    this.addCaps(caps);
    const { secrets, ssh, devices } = this.options;
    return encodeOp(context, {
      inputs: inputs.list,
      kind: 'exec',
      body: (to) => {
        const meta = to.open(pb.ExecOp.meta);
        this.writeMeta(to, env);
        to.close(meta);
        this.mounts.forEach(({ mount, output }, at) => {
          const start = to.open(pb.ExecOp.mounts);
          writeMount(to, mount, mountInputs[at]!, output);
          to.close(start);
        });
        for (const secret of secrets ?? []) {
          const { target } = secret;
          if (target !== undefined) to.message(pb.ExecOp.mounts, () => writeSecretMount(to, target, secret));
        }
        ssh?.forEach((agent, at) => {
          to.message(pb.ExecOp.mounts, () => writeSshMount(to, sshTarget(agent, at), agent));
        });
        to.int(pb.ExecOp.network, networkModes[this.values.network]);
        to.int(pb.ExecOp.security, securityModes[this.values.security]);
        for (const secret of secrets ?? []) writeSecretEnv(to, secret);
        for (const { name, optional } of devices ?? [])
          to.message(pb.ExecOp.cdiDevices, () => {
            to.string(pb.CDIDevice.name, name);
            to.bool(pb.CDIDevice.optional, optional);
          });
      },
      constraints: this.options,
      platform: this.values.platform,
      caps: [...caps],
      platformSpecific: true,
    });
  }

  private environment({ constraints }: EncodeContext, caps: Set<string>): EnvList {
    const { ssh } = this.options;
    let env = this.values.env;
    if (ssh?.length) env = env.setDefault('SSH_AUTH_SOCK', sshTarget(ssh[0]!, 0));
    if (constraints.capabilities) this.setsDefaultPath = constraints.capabilities.supports('exec.meta.setsdefaultpath');
    if (this.setsDefaultPath) caps.add('exec.meta.setsdefaultpath');
    else if (constraints.capabilities && constraints.platform.os !== 'windows')
      env = env.setDefault('PATH', defaultPathEnv('linux'));
    return env;
  }

  private addCaps(caps: Set<string>): void {
    const { options, values } = this;
    if (options.validExitCodes?.length) caps.add('exec.validexitcode');
    if (values.ulimits.length) caps.add('exec.meta.ulimit');
    if (options.linuxResources) caps.add('exec.meta.linux.resources');
    if (values.network !== 'sandbox') caps.add('exec.meta.network');
    if (values.security === 'insecure') caps.add('exec.meta.security');
    if (options.proxy) caps.add('exec.meta.proxyenv');
    caps.add('exec.meta.base');
    for (const { mount, source } of this.mounts) {
      if (mount.type === 'cache') {
        caps.add('exec.mount.cache').add('exec.mount.cache.sharing');
      } else if (mount.type === 'tmpfs') {
        caps.add('exec.mount.tmpfs');
        if (mount.size) caps.add('exec.mount.tmpfs.size');
      } else if (source) caps.add('exec.mount.bind');
      if (mount.sourcePath) caps.add('exec.mount.selector');
      if (mount.type === 'tmpfs') continue;
      if (mount.contentCache && mount.contentCache !== 'default') caps.add('exec.mount.cache.content');
    }
    if (options.secrets?.length) caps.add('exec.mount.secret');
    if (options.secrets?.some(({ env }) => env !== undefined)) caps.add('exec.secretenv');
    if (options.ssh?.length) caps.add('exec.mount.ssh');
    if (options.devices?.length) caps.add('exec.meta.cdi');
  }

  private writeMeta(to: ProtoWriter, env: EnvList): void {
    const { args, options, values } = this;
    to.strings(pb.Meta.args, args);
    to.strings(pb.Meta.env, env.toArray());
    to.string(pb.Meta.cwd, values.dir);
    to.string(pb.Meta.user, values.user);
    const { proxy } = options;
    if (proxy) to.message(pb.Meta.proxyEnv, () => writeProxyEnv(to, proxy));
    for (const { host, ip } of values.extraHosts)
      to.message(pb.Meta.extraHosts, () => {
        to.string(pb.HostIP.Host, host);
        to.string(pb.HostIP.IP, ip);
      });
    to.string(pb.Meta.hostname, values.hostname);
    for (const { name, soft, hard } of values.ulimits)
      to.message(pb.Meta.ulimit, () => {
        to.string(pb.Ulimit.Name, name);
        to.int(pb.Ulimit.Soft, soft);
        to.int(pb.Ulimit.Hard, hard);
      });
    to.string(pb.Meta.cgroupParent, values.cgroupParent);
    to.bool(pb.Meta.removeMountStubsRecursive, true);
    to.packed(pb.Meta.validExitCodes, options.validExitCodes ?? []);
  }
}

/** Resolves the working directory that a state or run asks for against the one that it has. */
export function resolveDir(current: string, path: string): string {
  return isAbs(path) ? path : join(current || '/', path);
}

function overrideValues(values: RunValues, options: RunOptions): RunValues {
  let { env, extraHosts, ulimits } = values;
  const variables = options.env ?? [];
  const pairs = Symbol.iterator in variables ? variables : Object.entries(variables);
  for (const [key, value] of pairs) env = env.addOrReplace(key, value);
  if (options.extraHosts?.length) extraHosts = [...extraHosts, ...options.extraHosts];
  if (options.ulimits?.length) ulimits = [...ulimits, ...options.ulimits];
  return {
    env,
    extraHosts,
    ulimits,
    dir: options.dir === undefined ? values.dir : resolveDir(values.dir, options.dir),
    user: options.user ?? values.user,
    hostname: options.hostname ?? values.hostname,
    network: options.network ?? values.network,
    security: options.security ?? values.security,
    platform: values.platform,
    cgroupParent: options.cgroupParent ?? values.cgroupParent,
  };
}

function writeProxyEnv(to: ProtoWriter, proxy: ProxyEnv): void {
  to.string(pb.ProxyEnv.httpProxy, proxy.httpProxy ?? '');
  to.string(pb.ProxyEnv.httpsProxy, proxy.httpsProxy ?? '');
  to.string(pb.ProxyEnv.ftpProxy, proxy.ftpProxy ?? '');
  to.string(pb.ProxyEnv.noProxy, proxy.noProxy ?? '');
  to.string(pb.ProxyEnv.allProxy, proxy.allProxy ?? '');
}

function writeSecretEnv(to: ProtoWriter, { id, env, optional }: Secret): void {
  if (env === undefined) return;
  to.message(pb.ExecOp.secretenv, () => {
    to.string(pb.SecretEnv.ID, id);
    to.string(pb.SecretEnv.name, env);
    to.bool(pb.SecretEnv.optional, optional);
  });
}
