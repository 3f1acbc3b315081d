/** A frozen build that names another image as its frontend: one that reads locks, under whatever name, is asked. */
import { expect, test } from 'vitest';
import { createDaemonlessBridge } from '../../src/daemonless/daemonless-bridge.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import type { Bridge } from '../../src/gateway/bridge.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { formatLock } from '../../src/lock/lock-file.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** What a frozen build with the frontend `example.com/team/programs:1` asks the daemon for. */
async function build(caps: string, isLocked = true) {
  const sources = isLocked ? [{ kind: 'image' as const, name: 'example.com/team/programs:1', pin: digest }] : [];
  const tree = memoryTree({
    Dockerfile: '# syntax=example.com/team/programs:1\n# lock=frozen\nFROM scratch\n',
    'Dockerfile.lock': formatLock({ platforms: ['linux/amd64'], sources }),
  });
  const config = { architecture: 'amd64', os: 'linux', config: { Labels: { 'moby.buildkit.frontend.caps': caps } } };
  const images = {
    resolve: async () => ({ digest, config: new TextEncoder().encode(JSON.stringify(config)) }),
  };
  const offline = createDaemonlessBridge({
    opts: {},
    locals: new Map([
      ['context', tree],
      ['dockerfile', tree],
    ]),
    images: [images],
  });
  const asked: string[] = [];
  const { cmdline: _, ...opts } = offline.options.opts;
  const bridge: Bridge = {
    ...offline,
    options: { ...offline.options, opts },
    async solve(request) {
      if (request.frontend !== 'gateway.v0') return offline.solve(request);
      asked.push(request.frontendOpt?.['source'] ?? '');
      return { metadata: new Map() };
    },
  };
  const error = await runFrontend(bridge, { otherFrontends: 'unequal' }).then(
    () => undefined,
    (error: unknown) => findDiagnosticError(error)?.message ?? String(error),
  );
  return { asked, error };
}

test('an image whose labels say that it reads locks builds, by its digest', async () => {
  const caps = 'moby.buildkit.frontend.inputs,tsfront.lock';
  expect(await build(caps)).toEqual({ asked: [`example.com/team/programs:1@${digest}`], error: undefined });
  expect(await build(caps, false)).toEqual({ asked: [], error: expect.stringContaining('is not locked') });
});

test('another one is refused', async () => {
  const { asked, error } = await build('moby.buildkit.frontend.inputs');
  expect(asked).toEqual([]);
  expect(error).toContain('the frontend example.com/team/programs:1 does not read the lock of a Dockerfile');
});
