import { defineConfig } from 'vitest/config';

/**
 * `npm run attack`: the attacks that take minutes. Those that take seconds are `*.test.ts` beside them, in `npm test`.
 */
export default defineConfig({
  test: {
    globalSetup: ['test/engine/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    include: ['test/attack/**/*.attack.ts'],
    testTimeout: 600_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    fileParallelism: false,
  },
});
