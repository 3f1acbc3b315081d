import { image, mount, type SshMount, type Stage } from 'tsfront/build';

const run = (stage: Stage, command: string, options?: SshMount) => stage.run(command, { mounts: [mount.ssh(options)] });

export default () => {
  let stage = run(image('busybox'), 'ssh host');
  stage = run(stage, 'true', { id: 'deploy' });
  stage = run(stage, 'true', { target: '/tmp/agent.sock', required: true });
  stage = run(stage, 'true', { mode: 0o666 });
  return run(stage, 'true', { id: 'a', uid: 1000, gid: 1000, required: true, target: '/s' });
};
