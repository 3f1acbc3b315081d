import { defineConfig } from 'vitest/config';

const tests = (directories: string) => `test/{${directories}}/**/*.test.ts`;

/**
 * Tests of functions that keep nothing: their files share what they import, where the others load it again for each
 * file.
 */
const functions = tests('buildkit-rules,diagnostic,gateway,git,go,image,lint,llb,lock,lower,oci,parser,protobuf,text');

/** Tests of the other libraries. */
const libraries = tests(
  'archive,context,daemonless,explain,format,golden,graph,host,http,program,registry,resolve,rpc,system',
);

/** Tests of what users call: the command line, the client behind it, and the language server. */
const commands = tests('cli,client,lsp');

/**
 * Least percentages of statements, branches, functions and lines of each directory of `src` that the tests reach
 * without an engine: a little less than was measured. What runs in another process or in another engine is not counted:
 * most of the language server and of the library of build programs.
 */
const floors = {
  archive: [86, 76.5, 93.5, 91],
  'build-program': [45.5, 33.5, 45, 49],
  'buildkit-rules': [98.5, 97, 99, 99],
  cli: [72, 68, 72, 74],
  client: [69.5, 62, 68.5, 72],
  context: [94, 88.5, 99, 96],
  diagnostic: [99, 96, 99, 99],
  explain: [92, 85.5, 91.5, 95],
  format: [98.5, 97, 99, 98.5],
  gateway: [87.5, 85, 87.5, 88.5],
  git: [99, 96.5, 99, 99],
  go: [94.5, 92, 97, 96.5],
  graph: [93, 78.5, 91.5, 94.5],
  host: [95, 84.5, 94, 99],
  http: [90.5, 86, 90, 93.5],
  image: [98.5, 95, 99, 99],
  lint: [95.5, 91, 96, 97],
  llb: [97.5, 91, 97, 97.5],
  lock: [98, 95.5, 99, 99],
  lower: [98, 94.5, 98.5, 98.5],
  lsp: [24, 23, 16.5, 25],
  oci: [92.5, 90, 96, 94],
  daemonless: [92.5, 89, 91.5, 94],
  parser: [96, 93.5, 96, 97.5],
  program: [98.5, 96, 99, 98.5],
  protobuf: [98, 95.5, 99, 99],
  registry: [93, 86, 94, 95.5],
  resolve: [91.5, 81.5, 91, 94.5],
  rpc: [92, 82.5, 89, 95],
  system: [87.5, 81, 89, 89],
  text: [96, 92, 95.5, 97],
  tree: [89.5, 82.5, 92.5, 94],
} satisfies Record<string, Floor>;
type Floor = readonly [statements: number, branches: number, functions: number, lines: number];

const thresholds = Object.entries(floors).map(([directory, [statements, branches, functions, lines]]) => [
  `src/${directory}/**`,
  { statements, branches, functions, lines },
]);

export default defineConfig({
  test: {
    globalSetup: ['test/engine/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    // The one list of the directories: package.json and CI choose by these names. All but `programs` also run without
    // an engine, where tests that build on one are skipped.
    projects: [
      { extends: true, test: { name: 'functions', include: [functions], isolate: false } },
      { extends: true, test: { name: 'libraries', include: [libraries] } },
      { extends: true, test: { name: 'commands', include: [commands] } },
      // Whole programs and packages, attacks, and each directory that is in no other project.
      {
        extends: true,
        test: { name: 'programs', include: ['test/**/*.test.ts'], exclude: [functions, libraries, commands] },
      },
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
      include: ['src/*/**'],
      // Generated, or run in a thread, a browser, or the small engine, where nothing is counted.
      exclude: ['src/gen/**', 'src/host/{program*,browser,confined,engine}.ts'],
      reporter: ['text-summary'],
      thresholds: Object.fromEntries(thresholds),
    },
  },
});
