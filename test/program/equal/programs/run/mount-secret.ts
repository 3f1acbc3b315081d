import { image, mount, type RunMount } from 'tsfront/build';

const using = (command: string, secret: RunMount) => [command, { mounts: [secret] }] as const;

export default () =>
  image('busybox')
    .run(...using('cat /run/secrets/token', mount.secret('token')))
    .run(...using('cat /etc/token', mount.secret('dir/token', { target: '/etc/token' })))
    .run(...using('cat /etc/npmrc', mount.secret('npmrc', { target: '/etc/npmrc' })))
    .run(...using('true', mount.secret('src-token')))
    .run(...using('true', mount.secret('t', { mode: 0o444 })))
    .run(...using('true', mount.secret('t', { uid: 1000, gid: 1001, required: true })))
    .run(...using('true', mount.secret('t', { required: false, target: 'rel/path' })));
