import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect, solve } from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';

await onEngines('patience', {}, (engine) => {
  let connection: Connection;
  let base: string;
  beforeAll(async () => {
    base = await engine.baseImage();
    connection = await connect(engine.address, { patience: 1800 });
  });
  afterAll(() => connection?.close());

  test('is not lost with a build that says nothing for longer', async () => {
    const files = { Dockerfile: `FROM ${base}\nRUN sleep 6\n` };
    const localDirs = { context: files, dockerfile: files };
    const build = solve(connection, {
      frontend: 'dockerfile.v0',
      frontendAttrs: { 'no-cache': '' },
      localDirs,
      auth: false,
    });
    await expect(build.result).resolves.toMatchObject({ ref: build.ref });
  });
});

test('that is no number of seconds is an error', async () => {
  const env = { TSFRONT_PATIENCE: '1m' };
  const connecting = connect('unix:///nowhere.sock', { env });
  await expect(connecting).rejects.toThrow('TSFRONT_PATIENCE must be a number of seconds, or 0 for no limit, not "1m"');
});
