/** A build ends the engine of its program: a process that builds often does not gather threads. */
import { expect, test, vi } from 'vitest';
import { host } from '#host';
import { playProgram } from './play-program.ts';

test.each([
  ['succeeds', 'export default () => scratch().label("a", "b");', undefined],
  ['fails', 'export default () => { throw new Error("nope"); };', 'nope'],
])('the engine is closed when a build %s', async (_, text, message) => {
  const closed = vi.fn();
  const open = host.openProgramEngine;
  const opened = vi.spyOn(host, 'openProgramEngine').mockImplementation((listener) => {
    const engine = open(listener);
    return {
      ...engine,
      close() {
        closed();
        engine.close();
      },
    };
  });
  const { error } = await playProgram(`import { scratch } from 'tsfront/build';\n${text}`);
  expect(error).toBe(message);
  expect(opened).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  opened.mockRestore();
});
