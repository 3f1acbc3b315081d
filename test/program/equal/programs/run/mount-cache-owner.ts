import { type CacheMount, image, mount } from 'tsfront/build';

const caches: Record<string, CacheMount> = {
  '/a': { uid: 1000 },
  '/b': { gid: 2000 },
  '/c': { mode: 0o700 },
  '/d': { uid: 1, gid: 2, mode: 0o1777 },
};

export default () =>
  Object.entries(caches).reduce(
    (stage, [path, options]) => stage.run('true', { mounts: [mount.cache(path, options)] }),
    image('busybox'),
  );
