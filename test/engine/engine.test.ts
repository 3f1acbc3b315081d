import { expect, test } from 'vitest';
import { onEngines } from './on-engines.ts';

await onEngines('the engine of the tests', {}, (engine) => {
  test('builds from a base image made on the spot', async () => {
    const base = await engine.baseImage();
    const printed = await engine.run('docker', ['build', '--progress=plain', '--no-cache', '-'], {
      input: `FROM ${base}\nRUN echo hello from $(uname -s)`,
      env: { DOCKER_BUILDKIT: '1' },
    });
    expect(printed.status, printed.stderr).toBe(0);
    expect(printed.stderr).toContain('hello from Linux');
  });
});
