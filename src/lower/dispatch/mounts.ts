/** RUN --mount. */
import { base, clean, isAbs, join } from '../../go/path.ts';
import { quote } from '../../go/quote.ts';
import { type Mount, mkdir, type Secret, type Ssh } from '../../llb/index.ts';
import type { State } from '../../llb/state.ts';
import type { Word } from '../../parser/ast.ts';
import type { MountFlag } from '../../parser/mount-flag.ts';
import { addPath } from '../context-paths.ts';
import { isSupported } from '../daemon-capabilities.ts';
import { type BuildStage, emptyImageName } from '../stages.ts';
import { type Dispatch, dispatchError, tryPart } from './instruction.ts';

/** The mounts of a RUN, by the options of the op. */
export interface RunMounts {
  /** Filesystems. */
  readonly mounts: readonly Mount[];
  /** Secrets of the session. */
  readonly secrets: readonly Secret[];
  /** SSH agents of the session. */
  readonly ssh: readonly Ssh[];
}

const noMounts: RunMounts = { mounts: [], secrets: [], ssh: [] };

/**
 * Lowers the mounts of a RUN.
 *
 * @param words the mounts as written
 * @param mountFlags what they mean; undefined for one with an error
 * @param sources the stage that each mount names; scratch for a mount without `from`
 */
export function lowerMounts(
  dispatch: Dispatch,
  words: readonly Word[],
  mountFlags: readonly (MountFlag | undefined)[],
  sources: readonly BuildStage[],
): RunMounts {
  if (mountFlags.length === 0) return noMounts;
  const mounts: Mount[] = [];
  const secrets: Secret[] = [];
  const ssh: Ssh[] = [];
  const lowerAt = (mount: MountFlag, index: number) => {
    // Without `from`, a cache starts empty and other mounts read the main context.
    const from = mount.from === '' && mount.type === 'cache' ? emptyImageName : mount.from;
    const source = from === '' ? undefined : sources[index]!;
    const read = source && dispatch.lowering.states.get(source);
    if (source && !read) {
      throw dispatchError(
        'stage-not-ready',
        `cannot mount from stage ${quote(from)} to ${quote(mount.target)}, stage needs to be defined before current command`,
      );
    }
    if (mount.type === 'secret') secrets.push(lowerSecret(dispatch, mount));
    else if (mount.type === 'ssh') ssh.push(lowerSsh(dispatch, mount));
    else {
      mounts.push(lowerMount(dispatch, mount, read?.result.state ?? dispatch.lowering.mainContext));
      addPath(source ? source.paths : dispatch.stage.contextPaths, mount.source);
    }
  };
  mountFlags.forEach((mount, index) => {
    if (mount) tryPart(dispatch, words[index]!.range, 'bad-mount', () => lowerAt(mount, index));
  });
  return { mounts, secrets, ssh };
}

function lowerMount({ lowering, stage }: Dispatch, mount: MountFlag, state: State): Mount {
  const target = isAbs(clean(mount.target)) ? mount.target : join('/', stage.result.state.getDir(), mount.target);
  if (target === '/') throw dispatchError('bad-mount', `invalid mount target ${quote(target)}`);
  const within = join('/', mount.source);
  const sourcePath = within === '/' ? undefined : within;
  const readonly = mount.readOnly;

  switch (mount.type) {
    case 'tmpfs':
      return { type: 'tmpfs', target, sourcePath, readonly, size: mount.sizeLimit };
    case 'cache': {
      const id = `${lowering.options.cacheIdNamespace}/${mount.id || clean(mount.target)}`;
      const sharing = mount.sharing === '' ? 'shared' : mount.sharing;
      const isOwned = mount.uid !== undefined || mount.gid !== undefined || mount.mode !== undefined;
      if (sourcePath === undefined && isOwned)
        return { type: 'cache', target, id, sharing, readonly, source: ownedDir(state, mount), sourcePath: '/cache' };
      return { type: 'cache', target, id, sharing, readonly, source: state, sourcePath };
    }
    default: {
      const access = readonly ? { readonly } : { forceNoOutput: isSupported(lowering, 'bindWithoutOutput') };
      return { type: 'bind', target, source: state, sourcePath, ...access };
    }
  }
}

/** A directory with the owner and mode that a new cache gets. */
function ownedDir(state: State, { uid, gid, mode }: MountFlag): State {
  const action = mkdir('/cache', mode ?? 0o755, { owner: { uid: uid ?? 0, gid: gid ?? 0 } });
  return state.file(action, { customName: '[internal] setting cache mount permissions' });
}

function lowerSecret({ stage, lines }: Dispatch, mount: MountFlag): Secret {
  const id = mount.source || mount.id || (mount.target === '' ? '' : base(mount.target));
  if (id === '') throw dispatchError('bad-mount', 'one of source, target required');
  if (!stage.outline.secrets.has(id)) stage.outline.secrets.set(id, { name: id, required: mount.required, lines });
  const settings = { id, optional: !mount.required, ...owner(mount, 0o400) };
  if (mount.env !== undefined) return { ...settings, target: mount.target || undefined, env: mount.env };
  return { ...settings, target: mount.target || `/run/secrets/${base(id)}` };
}

function lowerSsh({ stage, lines }: Dispatch, mount: MountFlag): Ssh {
  if (mount.source !== '') throw dispatchError('bad-mount', 'ssh does not support source');
  const id = mount.id || 'default';
  if (!stage.outline.ssh.has(id)) stage.outline.ssh.set(id, { name: id, required: mount.required, lines });
  return {
    id: mount.id,
    target: mount.target || undefined,
    optional: !mount.required,
    ...owner(mount, 0o600),
  };
}

function owner({ uid, gid, mode }: MountFlag, defaultMode: number) {
  return { uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? defaultMode };
}
