import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/engine/global-setup.ts'],
    include: ['test/**/*.test.ts'],
    // tests behave alike wherever they run: under a runner the command line folds logs and annotates
    env: { GITHUB_ACTIONS: '' },
    // most of a test's time is waiting for an engine: more files at a time than a small machine has cores
    maxWorkers: 3,
    testTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    coverage: {
      // the compiler, from the text of a Dockerfile to its graph and the answers of the frontend, and what it runs on
      include: ['src/{go,diagnostic,parser,check,lower,llb,gateway,host,protobuf,rpc}/**'],
      reporter: ['text-summary'],
      // what was measured, rounded down
      thresholds: {
        statements: 94.6,
        branches: 90.8,
        functions: 94,
        lines: 96.1,
        'src/{go,diagnostic,parser,check,lower,llb,gateway}/**': {
          statements: 95.4,
          branches: 91.8,
          functions: 95.8,
          lines: 96.7,
        },
      },
    },
  },
});
