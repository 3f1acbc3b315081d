/** A command on the way to the daemon that dies, or closes a stream and stays: the build ends with its words. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { connect, dockerfileFrontend, solve } from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { standIn } from './stand-in.ts';

afterEach(() => void vi.unstubAllEnvs());

/** Whether any process of a group is there that is more than an entry of what has ended. */
function runs(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

await onEngines('kubectl', { suites: ['forky'] }, (engine) => {
  /** In the shell that stands for kubectl: `relay` is the way to the daemon, `wait` lasts until the build runs. */
  const ways: readonly (readonly [name: string, script: string, words: RegExp])[] = [
    ['dies with its words', 'wait_for; say; kill $!; exit 1', /kubectl ended with code 1: error: the pod is gone/],
    ['is killed', 'wait_for; say; kill $!; kill -KILL $$', /kubectl ended by SIGKILL: error: the pod is gone/],
    [
      'dies and leaves a process that holds its streams',
      'sleep 1000 & wait_for; say; exit 1',
      /kubectl ended with code 1: error: the pod is gone/,
    ],
    [
      'closes its output and stays',
      'wait_for; say; kill $!; exec >&-; sleep 1000',
      /kubectl closed its output: error: the pod is gone/,
    ],
    [
      'closes its input and stays',
      'wait_for; say; kill $!; sleep 1000',
      /kubectl takes no more input: error: the pod is gone/,
    ],
  ];

  test.skipIf(!engine.dockerHost).each(ways)('fails the build with its own words: %s', async (_name, script, words) => {
    const stand = standIn(
      'kubectl',
      engine.dockerHost,
      `dir=$(dirname "$0")
      echo $$ > "$dir/pid"
      relay() { exec ${process.execPath} "$dir/relay.mjs"; }
      wait_for() { until [ -e "$dir/now" ]; do sleep 0.05; done; }
      say() { echo 'error: the pod is gone' >&2; }
      exec 3<&0 </dev/null
      relay <&3 3<&- & exec 3<&-
      ${script}
      exit 0`,
    );
    const file = (name: string) => path.join(stand.dir, name);
    vi.stubEnv('PATH', `${stand.dir}:${process.env['PATH']}`);
    const connection = await connect('kube-pod://builder-0', { patience: 12_000 });
    try {
      const build = solve(connection, {
        frontend: dockerfileFrontend,
        localDirs: { context: {}, dockerfile: { Dockerfile: `FROM ${await engine.baseImage()}\nRUN sleep 300\n` } },
        frontendAttrs: { 'no-cache': '' },
        auth: false,
      });
      build.result.catch(() => {});
      void (async () => {
        for await (const { vertexes } of build.status)
          if (vertexes.some(({ name, started }) => name.includes('RUN sleep') && started))
            writeFileSync(file('now'), '');
      })().catch(() => {});
      await expect(build.result).rejects.toThrow(words);
    } finally {
      connection.close();
    }
    const group = Number(readFileSync(file('pid'), 'utf8'));
    await vi.waitFor(() => expect(runs(group)).toBe(false), { timeout: 10_000 });
  });
});
