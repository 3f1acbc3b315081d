/** The mounts of a run: `RUN --mount=type=…`. */
import type { NameOf, Node } from './graph.ts';
import { originOf, readsOf, type Source } from './source.ts';
import { describe, refuseUnknown, requireOptions, type Text, wordOf } from './text.ts';

/**
 * A mount of a run, made by one of the functions of {@link mount}.
 *
 * @example
 * import { image, mount, type RunMount } from 'tsfront/build';
 *
 * const caches: RunMount[] = [mount.cache('/root/.npm'), mount.cache('/root/.cache')];
 * export default () => image('node:24').run('npm ci', { mounts: caches });
 */
export class RunMount {
  /** Nodes that it reads from. */
  readonly reads: readonly Node[];
  /** The value of the flag. */
  readonly flag: (nameOf: NameOf) => string;
  constructor(reads: readonly Node[], flag: (nameOf: NameOf) => string) {
    this.reads = reads;
    this.flag = flag;
  }
}

/**
 * Who owns what is mounted, and its permission bits.
 *
 * @example
 * stage.run('npm ci', { mounts: [mount.cache('/home/node/.npm', { uid: 1000, gid: 1000, mode: 0o700 })] })
 */
export interface MountOwner {
  /** Number of the user; 0 if absent. */
  readonly uid?: number;
  /** Number of the group; 0 if absent. */
  readonly gid?: number;
  /** Permission bits: `0o700`, or a text of octal digits such as `'700'`. */
  readonly mode?: number | string;
}

/**
 * Options of {@link mount.bind}.
 *
 * @example
 * stage.run('make -C /src', { mounts: [mount.bind('/src', { from: built, source: '/src', readwrite: true })] })
 */
export interface BindMount {
  /** The stage or context; the main context if absent. */
  readonly from?: Source;
  /** A path in it; all of it if absent. */
  readonly source?: Text;
  /** Whether the command may write; what it writes is lost. false if absent. */
  readonly readwrite?: boolean;
}

/**
 * Options of {@link mount.cache}.
 *
 * @example
 * stage.run('apt-get update', { mounts: [mount.cache('/var/cache/apt', { id: 'apt', sharing: 'locked' })] })
 */
export interface CacheMount extends MountOwner {
  /** Caches with one id are the same; the target if absent. */
  readonly id?: Text;
  /** How several runs share the cache; `shared` if absent. */
  readonly sharing?: 'shared' | 'private' | 'locked';
  /** What a new cache begins with; nothing if absent. */
  readonly from?: Source;
  /** A path in `from`. */
  readonly source?: Text;
  /** false if absent. */
  readonly readonly?: boolean;
}

/**
 * Options of {@link mount.secret}.
 *
 * @example
 * const token = mount.secret('token', { env: 'TOKEN', required: true });
 * const netrc = mount.secret('netrc', { target: '/root/.netrc', mode: 0o600 });
 * stage.run('./fetch.sh', { mounts: [token, netrc] })
 */
export interface SecretMount extends MountOwner {
  /** The path of the file; `/run/secrets/ID` if neither this nor `env` is given. */
  readonly target?: Text;
  /** The name of the variable that gets the value. */
  readonly env?: string;
  /** Whether the build fails without the secret; false if absent. */
  readonly required?: boolean;
}

/**
 * Options of {@link mount.ssh}.
 *
 * @example
 * stage.run('git clone git@example.com:team/app.git', { mounts: [mount.ssh({ id: 'deploy', required: true })] })
 */
export interface SshMount extends MountOwner {
  /** The agent; `default` if absent. */
  readonly id?: Text;
  /** The path of the socket; `/run/buildkit/ssh_agent.0` and so on if absent. */
  readonly target?: Text;
  /** Whether the build fails without the agent; false if absent. */
  readonly required?: boolean;
}

type Field = readonly [key: string, value: string | number | boolean | undefined];

/**
 * The mounts of `run`, as in `RUN --mount`.
 *
 * @example
 * image('node:24').run('npm ci', {
 *   mounts: [
 *     mount.bind('/src', { from: context() }),
 *     mount.cache('/root/.npm'),
 *     mount.secret('npmrc', { target: '/root/.npmrc' }),
 *   ],
 * })
 */
export const mount = {
  /** Files of a context or stage. */
  bind(target: Text, options: BindMount = {}): RunMount {
    requireOptions('mount.bind', options);
    const { from, source, readwrite, ...unknown } = options;
    refuseUnknown('mount.bind', unknown);
    return make('bind', from, [
      ...textField('source', source),
      ...textField('target', target),
      ['rw', readwrite || undefined],
    ]);
  },

  /** A directory that is kept from build to build. */
  cache(target: Text, options: CacheMount = {}): RunMount {
    requireOptions('mount.cache', options);
    const { id, sharing, from, source, readonly, ...owner } = options;
    return make('cache', from, [
      ...textField('id', id),
      ...textField('source', source),
      ...textField('target', target),
      ['sharing', sharing],
      ['ro', readonly || undefined],
      ...ownerFields(owner),
    ]);
  },

  /** An empty directory in memory. */
  tmpfs(
    target: Text,
    options: { /** Bytes, or a text such as `100m`; unlimited if absent. */ readonly size?: number | string } = {},
  ): RunMount {
    requireOptions('mount.tmpfs', options);
    const { size, ...unknown } = options;
    refuseUnknown('mount.tmpfs', unknown);
    return make('tmpfs', undefined, [...textField('target', target), ['size', size]]);
  },

  /** A secret of the build (`--secret`), as a file or a variable. */
  secret(id: Text, options: SecretMount = {}): RunMount {
    requireOptions('mount.secret', options);
    const { target, env, required, ...owner } = options;
    return make('secret', undefined, [
      ...textField('id', id),
      ...textField('target', target),
      ...textField('env', env),
      ['required', required || undefined],
      ...ownerFields(owner),
    ]);
  },

  /** The SSH agent of the build (`--ssh`). */
  ssh(options: SshMount = {}): RunMount {
    requireOptions('mount.ssh', options);
    const { id, target, required, ...owner } = options;
    return make('ssh', undefined, [
      ...textField('id', id),
      ...textField('target', target),
      ['required', required || undefined],
      ...ownerFields(owner),
    ]);
  },
} as const;

const textField = (key: string, text: Text | undefined): Field[] =>
  text === undefined ? [] : [[key, wordOf(text, `the ${key} of a mount`)]];

const ownerFields = ({ uid, gid, mode, ...unknown }: MountOwner): Field[] => {
  refuseUnknown('a mount', unknown);
  return [
    ['uid', uid],
    ['gid', gid],
    ['mode', mode === undefined ? undefined : octal(mode)],
  ];
};

/** The octal digits of permission bits. */
function octal(mode: unknown): string {
  if (typeof mode === 'string') {
    if (/^0?[0-7]{1,4}$/.test(mode)) return mode;
  } else if (Number.isInteger(mode) && (mode as number) >= 0 && (mode as number) <= 0o7777) {
    // 755 would be 0o1363, which nobody means.
    if ((mode as number) > 0o777 && /^[0-7]{3}$/.test(String(mode)))
      throw new TypeError(`the mode of a mount is octal, and ${mode} is not: write 0o${mode} or '${mode}'`);
    return (mode as number).toString(8);
  }
  throw new TypeError(`the mode of a mount must be octal, such as 0o755 or '755', not ${describe(mode)}`);
}

function make(type: string, from: Source | undefined, fields: readonly Field[]): RunMount {
  const origin = from === undefined ? undefined : originOf(from, 'the option `from` of a mount');
  return new RunMount(readsOf(origin), (nameOf) => {
    const name = origin && (origin.node ? nameOf(origin.node) : origin.name);
    const options: Field[] = [['type', type], ['from', name || undefined], ...fields];
    return options
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => csvField(value === true ? key : `${key}=${value}`))
      .join(',');
  });
}

const csvField = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
