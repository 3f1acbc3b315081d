/** RUN --mount. */
import { base, clean, isAbs, join } from '../../go/path.ts';
import { quote } from '../../go/quote.ts';
import { mkdir } from '../../llb/index.ts';
import type { Mount, Secret, Ssh } from '../../llb/options.ts';
import type { State } from '../../llb/state.ts';
import type { Mount as WantedMount } from '../../parser/mount.ts';
import { isSupported } from '../capabilities.ts';
import { addPath } from '../paths.ts';
import { emptyImageName, type StageState } from '../stages.ts';
import type { Dispatch } from './instruction.ts';

export interface RunMounts {
  readonly mounts: readonly Mount[];
  readonly secrets: readonly Secret[];
  readonly ssh: readonly Ssh[];
}

/** @param sources the stage that each mount names; scratch for those that name none */
export function lowerMounts(
  dispatch: Dispatch,
  wanted: readonly WantedMount[],
  sources: readonly StageState[],
): RunMounts {
  const mounts: Mount[] = [];
  const secrets: Secret[] = [];
  const ssh: Ssh[] = [];
  wanted.forEach((mount, index) => {
    // A cache starts empty unless a source is named; other mounts are of the main context.
    const from = mount.from === '' && mount.type === 'cache' ? emptyImageName : mount.from;
    const source = from === '' ? undefined : sources[index]!;
    if (source && !source.dispatched) {
      throw new Error(
        `cannot mount from stage ${quote(from)} to ${quote(mount.target)}, stage needs to be defined before current command`,
      );
    }
    if (mount.type === 'secret') secrets.push(lowerSecret(dispatch, mount));
    else if (mount.type === 'ssh') ssh.push(lowerSsh(dispatch, mount));
    else {
      mounts.push(lowerMount(dispatch, mount, source?.state ?? dispatch.context.buildContext));
      addPath(source ? source.paths : dispatch.stage.contextPaths, mount.source);
    }
  });
  return { mounts, secrets, ssh };
}

function lowerMount({ context, stage }: Dispatch, wanted: WantedMount, state: State): Mount {
  const target = isAbs(clean(wanted.target)) ? wanted.target : join('/', stage.state.getDir(), wanted.target);
  if (target === '/') throw new Error(`invalid mount target ${quote(target)}`);
  const within = join('/', wanted.source);
  const sourcePath = within === '/' ? undefined : within;
  const readonly = wanted.readOnly;

  switch (wanted.type) {
    case 'tmpfs':
      return { type: 'tmpfs', target, sourcePath, readonly, size: wanted.sizeLimit };
    case 'cache': {
      const id = `${context.options.cacheIdNamespace}/${wanted.id || clean(wanted.target)}`;
      const sharing = wanted.sharing === '' ? 'shared' : wanted.sharing;
      const isOwned = wanted.uid !== undefined || wanted.gid !== undefined || wanted.mode !== undefined;
      if (sourcePath === undefined && isOwned)
        return { type: 'cache', target, id, sharing, readonly, source: ownedDir(state, wanted), sourcePath: '/cache' };
      return { type: 'cache', target, id, sharing, readonly, source: state, sourcePath };
    }
    default: {
      const access = readonly ? { readonly } : { forceNoOutput: isSupported(context, 'bindWithoutOutput') };
      return { type: 'bind', target, source: state, sourcePath, ...access };
    }
  }
}

/** A directory with the owner and mode that a cache is to begin with. */
function ownedDir(state: State, { uid, gid, mode }: WantedMount): State {
  const action = mkdir('/cache', mode ?? 0o755, { owner: { uid: uid ?? 0, gid: gid ?? 0 } });
  return state.file(action, { customName: '[internal] setting cache mount permissions' });
}

function lowerSecret({ stage, lines }: Dispatch, mount: WantedMount): Secret {
  const id = mount.source || mount.id || (mount.target === '' ? '' : base(mount.target));
  if (id === '') throw new Error('one of source, target required');
  if (!stage.outline.secrets.has(id)) stage.outline.secrets.set(id, { name: id, required: mount.required, lines });
  const settings = { id, optional: !mount.required, ...owner(mount, 0o400) };
  if (mount.env !== undefined) return { ...settings, target: mount.target || undefined, env: mount.env };
  return { ...settings, target: mount.target || `/run/secrets/${base(id)}` };
}

function lowerSsh({ stage, lines }: Dispatch, mount: WantedMount): Ssh {
  if (mount.source !== '') throw new Error('ssh does not support source');
  const id = mount.id || 'default';
  if (!stage.outline.ssh.has(id)) stage.outline.ssh.set(id, { name: id, required: mount.required, lines });
  return {
    id: mount.id,
    target: mount.target || undefined,
    optional: !mount.required,
    ...owner(mount, 0o600),
  };
}

function owner({ uid, gid, mode }: WantedMount, defaultMode: number) {
  return { uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? defaultMode };
}
