import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { connect, parseAddress, solve } from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { standIn } from './stand-in.ts';

await onEngines('a command on the way to the daemon', { suites: ['forky'] }, (engine) => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env['PATH'] = PATH;
  });

  test.skipIf(!engine.dockerHost).each([
    ['docker-container://builder', 'docker', 'exec -i builder buildctl dial-stdio'],
    ['docker-container://builder?context=far', 'docker', '--context=far exec -i builder buildctl dial-stdio'],
    [
      'docker-container://builder?host=tcp://far:2376',
      'docker',
      '--host=tcp://far:2376 exec -i builder buildctl dial-stdio',
    ],
    ['podman-container://builder', 'podman', 'exec -i builder buildctl dial-stdio'],
    [
      'nerdctl-container://builder?namespace=k8s.io',
      'nerdctl',
      '--namespace=k8s.io exec -i builder buildctl dial-stdio',
    ],
    ['kube-pod://builder-0', 'kubectl', 'exec -i builder-0 -- buildctl dial-stdio'],
    [
      'kube-pod://builder-0?context=arn:aws:eks/c&namespace=ci&container=buildkitd',
      'kubectl',
      '--context=arn:aws:eks/c --namespace=ci exec --container=buildkitd -i builder-0 -- buildctl dial-stdio',
    ],
    ['ssh://me@host:2222', 'ssh', '-o ConnectTimeout=7 -T -l me -p 2222 -- host buildctl dial-stdio'],
    ['stdio:docker buildx dial-stdio', 'docker', 'buildx dial-stdio'],
  ])('%s is reached by the command %s', async (address, program, args) => {
    const { dir, calledWith } = standIn(program, engine.dockerHost);
    process.env['PATH'] = `${dir}:${PATH}`;
    const connection = await connect(address);
    try {
      const dest = temporaryDir();
      const files = { Dockerfile: 'FROM scratch\nCOPY f /\n', f: 'contents' };
      const localDirs = { context: files, dockerfile: files };
      await solve(connection, { frontend: 'dockerfile.v0', localDirs, exports: [{ type: 'local', dest }], auth: false })
        .result;
      expect(readFileSync(path.join(dest, 'f'), 'utf8')).toBe('contents');
      expect(connection.kind).toBe('buildkitd');
      expect(calledWith()).toBe(args);
    } finally {
      connection.close();
    }
  });
});

test.each([
  'kube-pod://',
  'kube-pod://Pod/name',
  'kube-pod://-pod',
  'kube-pod://pod?namespace=--token=x',
  'kube-pod://pod?context=--kubeconfig=x',
  'kube-pod://pod?cluster=c',
  'podman-container://name?context=c',
  'nerdctl-container://name?namespace=a b',
  'docker-container://name?host=-x',
])('%s is not an address', (address) => expect(() => parseAddress(address)).toThrow('invalid address'));
