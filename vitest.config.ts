import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/engine/global-setup.ts'],
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
});
