/** The vertex of a RUN. */

import { compareBytes } from '../go/unicode.ts';
import { defaultPathEnv } from '../image/system-path.ts';
import { encodeOp } from './encode-op.ts';
import type { EnvList } from './env-list.ts';
import type {
  CacheSharing,
  Constraints,
  ContentCache,
  Mount,
  NetworkMode,
  RunOptions,
  Secret,
  SecurityMode,
  Ssh,
} from './options.ts';
import type { ProtoWriter } from './proto-writer.ts';
import type { State } from './state.ts';
import type { StateValues } from './state-values.ts';
import { type EncodeContext, type EncodedOp, InputList, type Output, type Vertex } from './vertex.ts';

const empty = -1; // pb.Empty, pb.SkipOutput
const networkModes: Record<NetworkMode, number> = { sandbox: 0, host: 1, none: 2 };
const securityModes: Record<SecurityMode, number> = { sandbox: 0, insecure: 1 };
const cacheSharing: Record<CacheSharing, number> = { shared: 0, private: 1, locked: 2 };
const contentCaches: Record<ContentCache, number> = { default: 0, on: 1, off: 2 };
const mountTypes = { bind: 0, secret: 1, ssh: 2, cache: 3, tmpfs: 4 } as const;

interface ExecMount {
  readonly mount: Mount;
  /** Where the container sees it. */
  readonly target: string;
  /** undefined for scratch and for what has no source. */
  readonly source: Output | undefined;
  /** Position among the outputs; -1 if the mount makes none. */
  readonly output: number;
}

/** What the process gets that its state does not say. */
export interface ExecSettings {
  readonly args: readonly string[];
  readonly options: RunOptions;
}

export class ExecVertex implements Vertex {
  private readonly values: StateValues;
  private readonly settings: ExecSettings;
  /** Sorted by target, the root among them. */
  private readonly mounts: readonly ExecMount[];
  private readonly rootMount: Mount;
  /** Platform of the run's own constraints, which its outputs hand on. */
  private readonly ownPlatform: Constraints['platform'];
  /** Whether the daemon sets PATH: once known, also said where the run is marshalled again without capabilities. */
  private setsDefaultPath = false;

  constructor(root: State, values: StateValues, settings: ExecSettings) {
    const { options } = settings;
    this.values = values;
    this.settings = settings;
    this.ownPlatform = options.platform;
    this.rootMount = { target: '/', source: root, readonly: options.readonlyRootFs };
    const mounts = [this.rootMount, ...(options.mounts ?? [])].sort((a, b) => compareBytes(a.target, b.target));
    let outputs = 0;
    this.mounts = mounts.map((mount) => ({
      mount,
      target: mount.target,
      source: mount.type === 'tmpfs' ? undefined : mount.source?.output,
      output: makesOutput(mount) ? outputs++ : empty,
    }));
  }

  /** The filesystem after the run. */
  root(): Output | undefined {
    return this.output(this.mounts.find(({ mount }) => mount === this.rootMount)!);
  }

  /** What the run left in a mount; undefined if nothing is mounted there. */
  mounted(target: string): { readonly mount: Mount; readonly output: Output | undefined } | undefined {
    const found = this.mounts.find((mount) => mount.target === target);
    return found && { mount: found.mount, output: this.output(found) };
  }

  private output({ mount, source, output }: ExecMount): Output | undefined {
    if (mount.type === 'tmpfs') return this.unusable(`tmpfs mount for ${mount.target} can't be used as a parent`);
    if (mount.readonly) return source;
    if (mount.type === 'cache') return this.unusable(`invalid mount: ${mount.target}`);
    if (mount.forceNoOutput)
      return this.unusable(`mount marked no-output and ${mount.target} can't be used as a parent`);
    return { vertex: this, index: output, platform: this.ownPlatform };
  }

  private unusable(error: string): Output {
    return { vertex: this, index: 0, error };
  }

  inputs(): readonly (Output | undefined)[] {
    return this.mounts.map(({ source }) => source);
  }

  encode(context: EncodeContext): EncodedOp {
    const { args, options } = this.settings;
    if (args.length === 0) throw new Error('arguments are required');
    const caps = new Set<string>();
    const env = this.environment(context, caps);
    const inputs = new InputList();
    const mountInputs = this.mounts.map(({ source }) => inputs.add(context.input(source)));
    this.addCaps(caps);
    return encodeOp(context, {
      inputs: inputs.list,
      kind: 'exec',
      body: (to) => {
        to.message(1, () => this.writeMeta(to, env));
        this.mounts.forEach((mount, at) => {
          to.message(2, () => writeMount(to, mount, mountInputs[at]!));
        });
        for (const secret of options.secrets ?? []) writeSecretMount(to, secret);
        options.ssh?.forEach((ssh, at) => {
          writeSshMount(to, ssh, at);
        });
        to.int(3, networkModes[this.values.network]);
        to.int(4, securityModes[this.values.security]);
        for (const secret of options.secrets ?? []) writeSecretEnv(to, secret);
        for (const device of options.devices ?? [])
          to.message(6, () => {
            to.string(1, device.name);
            to.bool(2, device.optional);
          });
      },
      constraints: { ...options, platform: this.ownPlatform ?? this.values.platform },
      caps: [...caps],
      platformSpecific: true,
    });
  }

  private environment({ constraints }: EncodeContext, caps: Set<string>): EnvList {
    const { ssh } = this.settings.options;
    let env = this.values.env;
    if (ssh?.length) env = env.setDefault('SSH_AUTH_SOCK', sshTarget(ssh[0]!, 0));
    if (constraints.caps) this.setsDefaultPath = constraints.caps.supports('exec.meta.setsdefaultpath');
    if (this.setsDefaultPath) caps.add('exec.meta.setsdefaultpath');
    else if (constraints.caps && constraints.platform.os !== 'windows')
      env = env.setDefault('PATH', defaultPathEnv('linux'));
    return env;
  }

  private addCaps(caps: Set<string>): void {
    const { options } = this.settings;
    if (options.validExitCodes?.length) caps.add('exec.validexitcode');
    if (this.values.ulimits.length) caps.add('exec.meta.ulimit');
    if (options.linuxResources) caps.add('exec.meta.linux.resources');
    if (this.values.network !== 'sandbox') caps.add('exec.meta.network');
    if (this.values.security === 'insecure') caps.add('exec.meta.security');
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
    const { values } = this;
    const { args, options } = this.settings;
    to.strings(1, args);
    to.strings(2, env.toArray());
    to.string(3, values.dir);
    to.string(4, values.user);
    const { proxy } = options;
    if (proxy)
      to.message(5, () => {
        to.string(1, proxy.httpProxy ?? '');
        to.string(2, proxy.httpsProxy ?? '');
        to.string(3, proxy.ftpProxy ?? '');
        to.string(4, proxy.noProxy ?? '');
        to.string(5, proxy.allProxy ?? '');
      });
    for (const { host, ip } of values.extraHosts)
      to.message(6, () => {
        to.string(1, host);
        to.string(2, ip);
      });
    to.string(7, values.hostname);
    for (const { name, soft, hard } of values.ulimits)
      to.message(9, () => {
        to.string(1, name);
        to.int(2, soft);
        to.int(3, hard);
      });
    to.string(10, values.cgroupParent);
    to.bool(11, true); // removeMountStubsRecursive
    to.packed(12, options.validExitCodes ?? []);
  }
}

function makesOutput(mount: Mount): boolean {
  return (mount.type === undefined || mount.type === 'bind') && !mount.readonly && !mount.forceNoOutput;
}

function writeMount(to: ProtoWriter, { mount, output }: ExecMount, input: number): void {
  to.int(1, input);
  to.string(2, mount.sourcePath ?? '');
  to.string(3, mount.target);
  to.int(4, output);
  to.bool(5, mount.readonly);
  to.int(6, mountTypes[mount.type ?? 'bind']);
  if (mount.type === 'tmpfs') to.message(19, () => to.int(1, mount.size));
  if (mount.type === 'cache')
    to.message(20, () => {
      to.string(1, mount.id);
      to.int(2, cacheSharing[mount.sharing ?? 'shared']);
    });
  if (mount.type !== 'tmpfs') to.int(24, contentCaches[mount.contentCache ?? 'default']);
}

function writeSecretMount(to: ProtoWriter, { id, target, uid, gid, mode, optional }: Secret): void {
  if (target === undefined) return;
  to.message(2, () => {
    to.int(1, empty);
    to.string(3, target);
    to.int(6, mountTypes.secret);
    to.message(21, () => writeFileOptions(to, { id, uid, gid, mode: mode ?? 0o400, optional }));
  });
}

function writeSecretEnv(to: ProtoWriter, { id, env, optional }: Secret): void {
  if (env === undefined) return;
  to.message(5, () => {
    to.string(1, id);
    to.string(2, env);
    to.bool(3, optional);
  });
}

function writeSshMount(to: ProtoWriter, ssh: Ssh, at: number): void {
  const { id, uid, gid, mode, optional } = ssh;
  to.message(2, () => {
    to.int(1, empty);
    to.string(3, sshTarget(ssh, at));
    to.int(6, mountTypes.ssh);
    to.message(22, () => writeFileOptions(to, { id: id ?? '', uid, gid, mode: mode ?? 0o600, optional }));
  });
}

function sshTarget({ target }: Ssh, at: number): string {
  return target || `/run/buildkit/ssh_agent.${at}`;
}

/** `pb.SecretOpt` and `pb.SSHOpt` have the same fields. */
function writeFileOptions(
  to: ProtoWriter,
  file: Required<Pick<Secret, 'id' | 'mode'>> & Pick<Secret, 'uid' | 'gid' | 'optional'>,
): void {
  to.string(1, file.id);
  to.int(2, (file.uid ?? 0) >>> 0);
  to.int(3, (file.gid ?? 0) >>> 0);
  to.int(4, (file.mode ?? 0) >>> 0);
  to.bool(5, file.optional);
}
