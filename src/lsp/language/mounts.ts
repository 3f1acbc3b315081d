/** What an editor says about the options of `RUN --mount`. */
import type { MountType } from '../../parser/ast.ts';

/** An option of a mount for people. */
interface MountOptionText {
  /** One sentence. */
  readonly summary: string;
  /** The types of mounts that have it. */
  readonly types: readonly MountType[];
  /** Whether it stands without a value. */
  readonly isFlag?: boolean;
  /** Another name for the option that this is. */
  readonly aliasOf?: string;
}

/** What each type of mount is. */
export const mountTypeTexts: Readonly<Record<MountType, string>> = {
  bind: 'Files of the context, a stage or an image. What the command writes to it is lost.',
  cache: 'A directory that is kept for later builds.',
  secret: 'A file or variable with a secret of the build, which no layer contains.',
  ssh: 'The SSH agent of whoever builds.',
  tmpfs: 'A directory in memory.',
};

/** What each way to share a cache does. */
export const sharingTexts: Readonly<Record<string, string>> = {
  shared: 'Commands use it at the same time. This is the default.',
  private: 'Each command gets one of its own if it is in use.',
  locked: 'A command waits until no other uses it.',
};

const all: readonly MountType[] = ['bind', 'cache', 'secret', 'ssh', 'tmpfs'];
const files: readonly MountType[] = ['bind', 'cache'];
const owned: readonly MountType[] = ['cache', 'secret', 'ssh'];

/** By the names of the options. */
export const mountOptionTexts: Readonly<Record<string, MountOptionText>> = {
  type: { summary: 'What is mounted; `bind` by default.', types: all },
  from: { summary: 'A stage, an image or a named context that is mounted, or that a cache begins with.', types: files },
  source: { summary: 'The path in `from`; for a secret, its id.', types: ['bind', 'cache', 'secret'] },
  src: { summary: 'Short for `source`.', types: ['bind', 'cache', 'secret'], aliasOf: 'source' },
  target: { summary: 'The path at which the command finds it.', types: all },
  dst: { summary: 'Short for `target`.', types: all, aliasOf: 'target' },
  destination: { summary: 'The same as `target`.', types: all, aliasOf: 'target' },
  readonly: { summary: 'The command cannot write to it.', types: files, isFlag: true },
  ro: { summary: 'Short for `readonly`.', types: files, isFlag: true, aliasOf: 'readonly' },
  readwrite: { summary: 'The command can write to it.', types: files, isFlag: true },
  rw: { summary: 'Short for `readwrite`.', types: files, isFlag: true, aliasOf: 'readwrite' },
  id: { summary: 'The name of the cache, the secret or the agent; the target of a cache by default.', types: owned },
  sharing: { summary: 'What happens if several commands use the cache.', types: ['cache'] },
  required: { summary: 'The build fails without the secret or the agent.', types: ['secret', 'ssh'], isFlag: true },
  env: { summary: 'Puts the secret into this variable instead of a file.', types: ['secret'] },
  size: { summary: 'The most that the directory may hold, such as `64m`.', types: ['tmpfs'] },
  mode: { summary: 'The permissions in octal digits.', types: owned },
  uid: { summary: 'The number of the user who owns it; 0 by default.', types: owned },
  gid: { summary: 'The number of the group that owns it; 0 by default.', types: owned },
};
