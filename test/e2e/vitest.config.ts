import { defineConfig } from 'vitest/config';

/** The acceptance tests, `npm run e2e`: one engine and one file at a time, since they fill and empty its cache. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: ['test/e2e/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
