import { defineConfig } from 'vitest/config';

/**
 * Tests of functions that keep nothing: their files share what they import, where the others load it again for each
 * file.
 */
const sharing =
  'test/{buildkit-rules,diagnostic,gateway,git,go,image,lint,llb,lock,lower,oci,parser,protobuf,text}/**/*.test.ts';

/** Least percentages of a directory that the tests reach. */
const floor = (statements: number, branches: number, functions: number, lines: number) => ({
  statements,
  branches,
  functions,
  lines,
});

export default defineConfig({
  test: {
    globalSetup: ['test/engine/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [sharing] } },
      { extends: true, test: { name: 'sharing', include: [sharing], isolate: false } },
    ],
    // Tests behave alike wherever they run: under a runner the command line folds logs and annotates.
    env: { GITHUB_ACTIONS: '', TSFRONT_RECORD: '0' },
    // Most of a test's time is waiting for an engine: more files at a time than a small machine has cores.
    maxWorkers: 4,
    // A busy machine is ten times as slow as a quiet one: the limits end what hangs, and tell nothing of speed.
    testTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 600_000,
    teardownTimeout: 120_000,
    coverage: {
      // The compiler, from the text of a Dockerfile to its graph and the answers of the frontend, and what it runs on;
      // and what answers questions about a build.
      include: [
        'src/{go,diagnostic,parser,buildkit-rules,lower,llb,gateway,host,protobuf,rpc}/**',
        'src/{archive,context,explain,git,graph,image,lint,lock,oci,program,tree}/**',
      ],
      // Run in a thread, a browser, or the small engine, where nothing is counted.
      exclude: ['src/host/{program*,browser,confined,engine}.ts'],
      reporter: ['text-summary'],
      // A little less than was measured without engines. The compiler has 95.4, 91.8, 95.8 and 96.7, and with what it
      // runs on 95.0, 91.3, 94.6 and 96.5.
      thresholds: {
        'src/{go,diagnostic,parser,buildkit-rules,lower,llb,gateway,host,protobuf,rpc}/**': floor(94, 90, 93.5, 95.5),
        'src/{go,diagnostic,parser,buildkit-rules,lower,llb,gateway}/**': floor(95, 91.4, 95.3, 96.3),
        'src/lock/**': floor(99, 97, 99, 99.5),
        'src/context/**': floor(94.5, 86, 99, 96),
        'src/graph/**': floor(91, 74, 89.5, 93),
        'src/{git,image}/**': floor(97.5, 95.5, 96, 98),
        'src/{archive,program}/**': floor(87.5, 78, 94.5, 91.5),
        // What they do with an engine, and with directories of any kind, is not counted here.
        'src/explain/**': floor(70, 55, 77, 75),
        'src/{lint,oci,tree}/**': floor(80, 73, 80, 85),
      },
    },
  },
});
