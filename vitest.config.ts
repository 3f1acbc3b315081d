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
      // the compiler: from the text of a Dockerfile to its graph and the answers of the frontend
      include: ['src/{go,diagnostic,parser,check,lower,llb,gateway,host,protobuf,rpc}/**'],
      reporter: ['text-summary'],
      thresholds: { statements: 94.5, branches: 91, functions: 95, lines: 95.8 },
    },
  },
});
