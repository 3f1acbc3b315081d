/** Daemons behind real ends of ssh:// and docker-container://, from the command line. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { hasOpenSsh, OpenSsh } from './openssh.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

/** What dockerd has inside, as BuildKit's own `buildctl dial-stdio` gives it: gRPC and nothing before it. */
const buildctl = `#!/bin/sh
echo "$@" > /tmp/buildctl-args
upgraded=/tmp/buildctl-upgraded-$$
busybox mkfifo $upgraded
{ printf 'POST /grpc HTTP/1.1\\r\\nHost: docker\\r\\nConnection: Upgrade\\r\\nUpgrade: h2c\\r\\n\\r\\n'; read -r _ < $upgraded; cat; } |
  docker system dial-stdio |
  { while IFS= read -r line; do [ "$line" = "$(printf '\\r')" ] && break; done; echo > $upgraded; rm $upgraded; exec cat; }
`;

await onEngines('a daemon far away', { suites: ['forky'] }, (engine) => {
  const context = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY f /\n', f: Buffer.alloc(300_000, 7) });

  /** Builds with a session in both directions: a context there, an export back. */
  const build = (env: NodeJS.ProcessEnv, ...flags: string[]) => {
    const out = temporaryDir();
    const args = [cli, 'build', '--progress=plain', ...flags, '-o', out, context];
    const arrived = () => readFileSync(path.join(out, 'f')).equals(readFileSync(path.join(context, 'f')));
    return engine.run(process.execPath, args, { env }).then((result) => ({ ...result, arrived }));
  };
  const succeeds = async (env: NodeJS.ProcessEnv, ...flags: string[]) => {
    const { status, stderr, arrived } = await build(env, ...flags);
    expect(status, stderr).toBe(0);
    expect(arrived()).toBe(true);
  };
  const fails = async (message: RegExp, env: NodeJS.ProcessEnv, ...flags: string[]) => {
    const { status, stderr } = await build(env, ...flags);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  };

  describe('behind ssh', () => {
    if (!hasOpenSsh(engine)) return;
    let openssh: OpenSsh;
    let host: string;
    let env: NodeJS.ProcessEnv;
    beforeAll(async () => {
      openssh = new OpenSsh(engine);
      await openssh.createKey('ed25519');
      const { port, bin } = await openssh.startServer(`${openssh.inside}/bin:/usr/bin:/bin`);
      host = `root@127.0.0.1:${port}`;
      writeFileSync(openssh.file('bin/buildctl'), buildctl);
      chmodSync(openssh.file('bin/buildctl'), 0o755);
      // No way to the engine but by ssh.
      env = { PATH: `${bin}:/usr/bin:/bin`, DOCKER_HOST: '', BUILDKIT_HOST: '' };
    });
    afterAll(() => openssh?.end());

    test('an ssh address of DOCKER_HOST reaches Docker', async () => {
      await succeeds({ ...env, DOCKER_HOST: `ssh://${host}` });
      await succeeds({ ...env, DOCKER_HOST: `ssh://${host}/run/docker.sock` });
      await succeeds(env, `--builder=docker+ssh://${host}`);
    });

    test('an ssh address of BUILDKIT_HOST reaches BuildKit', async () => {
      await succeeds({ ...env, BUILDKIT_HOST: `ssh://${host}` });
      expect(await openssh.run('cat', '/tmp/buildctl-args')).toBe('dial-stdio\n');
      await succeeds(env, `--builder=ssh://${host}/run/b.sock`);
      expect(await openssh.run('cat', '/tmp/buildctl-args')).toBe('--addr unix:///run/b.sock dial-stdio\n');
    });

    test('an address that cannot be reached is an error with the reason', async () => {
      const { port } = new URL(`ssh://${host}`);
      await fails(
        /ERROR: cannot connect to ssh:.*nobody.*Permission denied \(publickey/s,
        env,
        `--builder=ssh://nobody@127.0.0.1:${port}`,
      );
      await fails(/Host key verification failed/, env, `--builder=ssh://root@localhost:${port}`);
      await fails(/nosuch\.sock/, { ...env, DOCKER_HOST: `ssh://${host}/run/nosuch.sock` });
      writeFileSync(openssh.file('bin/buildctl'), '#!/bin/sh\necho "buildctl: broken" >&2\nexit 127\n');
      await fails(/ssh ended with code 127: .*buildctl: broken/s, env, `--builder=ssh://${host}`);
    });
  });

  describe('in a container', () => {
    const name = `tsfront-far-${process.pid}`;
    const address = `docker-container://${name}`;
    const env = { BUILDKIT_HOST: '' };
    beforeAll(async () => {
      const dir = temporaryDir({
        buildctl,
        Dockerfile: `FROM ${await engine.baseImage()}\nCOPY --chmod=755 buildctl /bin/\n`,
      });
      await engine.must('docker', ['buildx', 'build', '-q', '-t', name, dir]);
      if (!engine.home) return;
      // The command docker and its libraries are those of the engine's root.
      const root = [
        '/usr:/usr:ro',
        '/usr/lib:/lib:ro',
        '/usr/lib64:/lib64:ro',
        '/run/docker.sock:/var/run/docker.sock',
      ];
      const volumes = root.map((volume) => `--volume=${volume}`);
      const run = ['run', '--detach', '--name', name, '--network=none', '--env=PATH=/bin:/usr/bin', ...volumes];
      await engine.must('docker', [...run, name, 'sleep', '600']);
    });
    afterAll(async () => {
      await engine.run('docker', ['rm', '--force', name]);
      await engine.run('docker', ['image', 'rm', '--force', name]);
    });

    test.skipIf(!engine.home)('a BuildKit in a container is reached', async () => {
      await succeeds(env, `--builder=${address}`);
      await succeeds({ BUILDKIT_HOST: address });
      await succeeds(env, `--builder=${address}?context=default`);
      expect(await engine.must('docker', ['exec', name, 'cat', '/tmp/buildctl-args'])).toBe('dial-stdio\n');
    });

    test.skipIf(!engine.home)('an address that cannot be reached is an error with the reason', async () => {
      await fails(/docker ended with code 1: .*No such container: nosuch/s, env, '--builder=docker-container://nosuch');
      await engine.must('docker', ['exec', name, 'rm', '/bin/buildctl']);
      await fails(/cannot connect to docker-container:.*buildctl.* not found/s, env, `--builder=${address}`);
      await engine.must('docker', ['kill', name]);
      await fails(/is not running/, env, `--builder=${address}`);
    });
  });
});
