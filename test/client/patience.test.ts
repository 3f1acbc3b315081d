import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Connection, connect, solve } from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { stopWatches } from '../watches.ts';

vi.mock(import('../../src/rpc/liveness.ts'), async (original) => {
  const { recorded } = await import('../watches.ts');
  return recorded(await original());
});

await onEngines('patience', {}, (engine) => {
  let connection: Connection | undefined;
  let base: string;
  beforeAll(async () => {
    base = await engine.baseImage();
  });
  afterAll(() => connection?.close());

  test('a build that is silent for longer is not given up', async () => {
    const { answered } = stopWatches(60_000);
    connection = await connect(engine.address, { patience: 60_000 });
    const files = { Dockerfile: `FROM ${base}\nRUN sleep 600\n` };
    const abort = new AbortController();
    const build = solve(connection, {
      frontend: 'dockerfile.v0',
      frontendAttrs: { 'no-cache': '' },
      localDirs: { context: files, dockerfile: files },
      auth: false,
      signal: abort.signal,
    });
    const stopped = expect(build.result).rejects.toThrow('after 20 minutes');
    for await (const { vertexes } of build.status)
      if (vertexes.some(({ name, started }) => name.includes('RUN sleep') && started)) break;
    for (let i = 0; i < 60; i++) await answered();
    abort.abort(new Error('after 20 minutes'));
    await stopped;
  });
});

test('a TSFRONT_PATIENCE that is not a number of seconds is an error', async () => {
  const env = { TSFRONT_PATIENCE: '1m' };
  const connecting = connect('unix:///nowhere.sock', { env });
  await expect(connecting).rejects.toThrow('TSFRONT_PATIENCE must be a number of seconds, or 0 for no limit, not "1m"');
});
