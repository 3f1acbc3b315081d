/** What well-known base images set. It is what they had at one time: a build asks the registry. */

/** The members of an image config that change what is compiled. */
interface KnownConfig {
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
}

const systemPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const images: Readonly<Record<string, KnownConfig>> = {
  alpine: { Env: [systemPath], WorkingDir: '/', Cmd: ['/bin/sh'] },
  busybox: { Env: [systemPath], Cmd: ['sh'] },
  debian: { Env: [systemPath], Cmd: ['bash'] },
  ubuntu: { Env: [systemPath], Cmd: ['/bin/bash'] },
  golang: {
    Env: [
      'PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'GOTOOLCHAIN=local',
      'GOPATH=/go',
    ],
    WorkingDir: '/go',
    Cmd: ['bash'],
  },
  nginx: { Env: [systemPath], Entrypoint: ['/docker-entrypoint.sh'], Cmd: ['nginx', '-g', 'daemon off;'] },
  node: { Env: [systemPath], Entrypoint: ['docker-entrypoint.sh'], Cmd: ['node'] },
  python: {
    Env: ['PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    Cmd: ['python3'],
  },
  rust: {
    Env: [
      'RUSTUP_HOME=/usr/local/rustup',
      'CARGO_HOME=/usr/local/cargo',
      'PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ],
    Cmd: ['bash'],
  },
};

/** Names of the images that are known, whatever their tag. */
export const knownImages: readonly string[] = Object.keys(images);

/** The config of an image, by its short name such as `node:22`; undefined if it is not known. */
export function imageConfig(name: string): KnownConfig | undefined {
  const repository = name.replace(/@.*/, '').replace(/:[^:/]*$/, '');
  return Object.hasOwn(images, repository) ? images[repository] : undefined;
}
