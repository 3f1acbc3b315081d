/** Describes ops for people. */
import { quote } from 'shell-quote';
import { CacheSharingOpt, MountType, NetMode, SecurityMode } from '../gen/pb/ops_fields.ts';
import type { ChownOpt, ExecOp, FileAction, FileActionCopy, Mount, Op, SourceOp, UserOpt } from '../gen/pb/ops_pb.ts';
import { formatShortPlatform } from '../image/platform.ts';
import { defaultFilename, filenameAttribute } from './build.ts';
import { platformFromPb } from './platform-message.ts';
import type { SourceScheme } from './source/source.ts';

/** A description of an op. */
export interface OpDescription {
  /** A word for the kind of op. */
  readonly kind: string;
  /** Summary of the op in one line. */
  readonly summary: string;
  /** Mounts, settings and file actions, a line for each. */
  readonly details: readonly string[];
}

/** Returns the first twelve hexadecimal digits of a digest, which distinguish the ops of a graph. */
export function shortDigest(digest: string): string {
  return digest.replace(/^\w+:/, '').slice(0, 12);
}

/** Describes an op. */
export function formatOp(op: Op): OpDescription {
  const name = (input: number | bigint) => inputName(op, Number(input));
  switch (op.op.case) {
    case 'source':
      return describeSourceOp(op.op.value, op.platform && formatShortPlatform(platformFromPb(op.platform)));
    case 'exec':
      return describeExec(op.op.value, name);
    case 'file':
      return describeFile(op.op.value.actions, name, op.inputs.length);
    case 'merge':
      return plain('merge', op.op.value.inputs.map(({ input }) => name(input)).join(' + '));
    case 'diff':
      return plain('diff', `${name(op.op.value.lower?.input ?? 0)} → ${name(op.op.value.upper?.input ?? 0)}`);
    case 'build':
      return plain('build', op.op.value.attrs[filenameAttribute] ?? defaultFilename);
    case 'passthrough':
      return plain('pass', op.op.value.id);
    case undefined:
      return plain('result', op.inputs[0] ? name(0) : 'scratch');
  }
}

function plain(kind: string, summary: string): OpDescription {
  return { kind, summary, details: [] };
}

function inputName(op: Op, input: number): string {
  const vertex = op.inputs[input];
  if (!vertex) return 'scratch';
  return shortDigest(vertex.digest) + (vertex.index ? `[${vertex.index}]` : '');
}

const sourceKinds: Readonly<Record<SourceScheme, string>> = {
  'docker-image': 'image',
  'docker-image+blob': 'blob',
  git: 'git',
  http: 'http',
  https: 'http',
  local: 'local',
  'oci-layout': 'oci',
  'oci-layout+blob': 'blob',
};

function describeSourceOp({ identifier, attrs }: SourceOp, platform: string | undefined): OpDescription {
  const [, scheme = '', rest = ''] = /^([^:]+):\/\/(.*)$/s.exec(identifier) ?? [];
  const kind = Object.hasOwn(sourceKinds, scheme) ? sourceKinds[scheme as SourceScheme] : 'source';
  const on = platform ? ` (${platform})` : '';
  const details = Object.entries(attrs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} = ${value}`);
  const isAddress = kind === 'http' || kind === 'source';
  return { kind, summary: (isAddress ? identifier : rest) + on, details };
}

type InputName = (input: number | bigint) => string;

function describeExec({ meta, mounts, network, security, secretenv }: ExecOp, name: InputName): OpDescription {
  const details: string[] = [];
  if (meta && meta.cwd !== '/') details.push(`in ${meta.cwd}`);
  if (meta?.user) details.push(`as ${meta.user}`);
  if (network !== NetMode.UNSET) details.push(`network ${networkNames[network]}`);
  if (security !== SecurityMode.SANDBOX) details.push('security insecure');
  for (const { ID, name: variable } of secretenv) details.push(`secret ${ID} in $${variable}`);
  for (const mount of mounts) if (mount.dest !== '/' || mount.readonly) details.push(describeMount(mount, name));
  return { kind: 'run', summary: quote(meta?.args ?? []), details };
}

const networkNames: Readonly<Record<number, string>> = { [NetMode.HOST]: 'host', [NetMode.NONE]: 'none' };
const sharingNames: Readonly<Record<number, string>> = {
  [CacheSharingOpt.SHARED]: 'shared',
  [CacheSharingOpt.PRIVATE]: 'private',
  [CacheSharingOpt.LOCKED]: 'locked',
};

function describeMount(mount: Mount, name: InputName): string {
  const at = mount.dest + (mount.readonly ? ' (read-only)' : '');
  switch (mount.mountType) {
    case MountType.CACHE: {
      const { ID = '', sharing = CacheSharingOpt.SHARED } = mount.cacheOpt ?? {};
      return `cache ${ID} at ${at}, ${sharingNames[sharing]}`;
    }
    case MountType.TMPFS:
      return `tmpfs at ${at}`;
    case MountType.SECRET:
      return `secret ${mount.secretOpt?.ID ?? ''} at ${at}`;
    case MountType.SSH:
      return `ssh ${mount.SSHOpt?.ID || 'default'} at ${at}`;
    default:
      return `mount ${name(mount.input)}${mount.selector && `:${mount.selector}`} at ${at}`;
  }
}

/** Describes a single action in the summary, several actions in a line each. */
function describeFile(actions: readonly FileAction[], name: InputName, inputs: number): OpDescription {
  const place = (at: bigint) => (Number(at) < inputs ? name(at) : `action ${Number(at) - inputs + 1}`);
  const lines = actions.map((action) => describeAction(action, place));
  if (lines.length === 1) return plain('file', lines[0]!);
  return { kind: 'file', summary: `${lines.length} actions`, details: lines };
}

function describeAction({ action, secondaryInput }: FileAction, place: (at: bigint) => string): string {
  switch (action.case) {
    case 'copy':
      return `copy ${place(secondaryInput)}:${action.value.src} → ${action.value.dest}${copyOptions(action.value)}`;
    case 'mkfile': {
      const { path, mode, data, owner } = action.value;
      return `mkfile ${path} (${octal(mode)}, ${data.length} bytes${formatOwner(owner)})`;
    }
    case 'mkdir':
      return `mkdir ${action.value.path} (${octal(action.value.mode)}${formatOwner(action.value.owner)})`;
    case 'rm':
      return `rm ${action.value.path}`;
    case 'symlink':
      return `symlink ${action.value.newpath} → ${action.value.oldpath}`;
    default:
      return 'unknown action';
  }
}

function copyOptions({ mode, modeStr, owner, includePatterns, excludePatterns }: FileActionCopy): string {
  const options = [
    modeStr || (mode >= 0 ? octal(mode) : ''),
    formatOwner(owner).slice(2),
    includePatterns.length > 0 ? `only ${includePatterns.join(' ')}` : '',
    excludePatterns.length > 0 ? `without ${excludePatterns.join(' ')}` : '',
  ].filter(Boolean);
  return options.length > 0 ? ` (${options.join(', ')})` : '';
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

function formatOwner(owner: ChownOpt | undefined): string {
  if (!owner) return '';
  const names = [owner.user, owner.group].flatMap((user) => (user ? formatUser(user) : []));
  return `, ${names.join(':')}`;
}

function formatUser({ user }: UserOpt): string {
  return user.case === 'byName' ? user.value.name : String(user.value ?? 0);
}
