/** What a program that catches nothing prints of the errors of the library. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { RpcError } from '../src/rpc/rpc-error.ts';
import { ShortError } from '../src/text/short-error.ts';
import { onEngines } from './engine/on-engines.ts';
import { temporaryDir } from './temporary-dir.ts';

const source = (file: string) => JSON.stringify(pathToFileURL(path.resolve(import.meta.dirname, '../src', file)).href);

/** Runs a program with the library imported; what it prints to standard error. */
function run(body: string): string {
  const file = path.join(temporaryDir(), 'program.mjs');
  const client = '{ connect, dockerfileFrontend, imageFrontend, readBlob, solve }';
  writeFileSync(
    file,
    `import { checkDockerfile, compile, findDiagnosticError, memoryTree, openBuildContext } from ${source('index.ts')};
import { createShellLex, emptyEnv } from ${source('parser/index.ts')};
import ${client} from ${source('client/index.ts')};
const tree = (text) => memoryTree({ Dockerfile: text });
const inputOf = (text) => ({ opts: {}, locals: new Map([['context', tree(text)], ['dockerfile', tree(text)]]), images: [] });
const buildOf = async (text, frontend) => {
  const connection = await connect(${JSON.stringify(process.env['TSFRONT_TEST_ADDRESS'] ?? '')});
  const files = { Dockerfile: text };
  const options = { frontend, localDirs: { context: files, dockerfile: files }, auth: false };
  await solve(connection, options).result.finally(() => connection.close());
};
${body}
`,
  );
  const { status, stderr } = spawnSync(process.execPath, [file], {
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  expect(status, stderr).toBe(1);
  return stderr;
}

const timesIn = (text: string, part: string) => text.split(part).length - 1;

test.each([
  [
    'CompileError',
    "await compile(inputOf('FROM scratch\\nCOPPY a b\\nRUM x\\n'))",
    'line 2: unknown instruction: COPPY',
    "place: 'Dockerfile:2'",
  ],
  [
    'CompileError',
    "await compile(inputOf('FROM nosuch'))",
    'docker.io/library/nosuch:latest: not found',
    "place: 'Dockerfile:1'",
  ],
  [
    'CompileError',
    "await compile(inputOf('FROM scratch\\nCOPY --from=$X a b\\n'))",
    'variable expansion is not supported for --from',
    "place: 'Dockerfile:2'",
  ],
  [
    'DiagnosticError',
    "await compile(inputOf('FROM scratch\\nRUM x\\n')).catch((error) => { throw findDiagnosticError(error) })",
    'unknown instruction: RUM',
    "code: 'unknown-instruction'",
  ],
  [
    'WordError',
    "createShellLex({ escape: '`' }).processWord('${A:x', emptyEnv)",
    'failed to process "${A:x"',
    'program.mjs',
  ],
  [
    'UsageError',
    "await openBuildContext({ context: '/nosuch', readStdin() {} })",
    'unable to prepare context: path "/nosuch" not found',
    'program.mjs',
  ],
  ['Error', "await connect('unix:///nosuch.sock')", 'cannot connect to unix:///nosuch.sock', 'program.mjs'],
])('an uncaught %s of %s shows its message once and where it was called', (name, body, message, place) => {
  const shown = run(body);
  expect(Buffer.byteLength(shown)).toBeLessThan(1200);
  expect(shown).toContain(`\n${name}: `);
  expect(timesIn(shown, message)).toBe(1);
  expect(shown).toContain(place);
  if (name !== 'DiagnosticError') expect(shown).toMatch(/at .*program\.mjs:\d+/); // where the program called it
});

await onEngines('an uncaught error', { suites: ['forky'] }, (engine) => {
  const runHere = (body: string) => {
    process.env['TSFRONT_TEST_ADDRESS'] = engine.address;
    return run(body);
  };

  test.each([['dockerfileFrontend'], ["'dockerfile.v0'"]])(
    'an uncaught SolveError of a build by %s is short and names its place',
    (frontend) => {
      const shown = runHere(`await buildOf('FROM localhost:5000/test/nosuch\\nRUN x\\n', ${frontend})`);
      expect(Buffer.byteLength(shown)).toBeLessThan(1200);
      expect(timesIn(shown, 'failed to resolve source metadata for')).toBe(1);
      expect(shown).toContain('\nSolveError: ');
      expect(shown).toContain("place: 'Dockerfile:1'");
      expect(shown).toMatch(/at .*program\.mjs:\d+/);
    },
  );

  test('an uncaught RpcError of a daemon is short', () => {
    const shown = runHere(`const connection = await connect(${JSON.stringify(engine.address)});
await readBlob(connection, 'sha256:${'0'.repeat(64)}').finally(() => connection.close());`);
    expect(Buffer.byteLength(shown)).toBeLessThan(1200);
    expect(shown).toContain('\nRpcError: NotFound: ');
    expect(timesIn(shown, 'content digest')).toBe(1);
    expect(shown).toContain('code: 5');
  });

  test('what a frontend of the program has thrown is shown with its place', () => {
    const shown = runHere("await buildOf('', imageFrontend([], () => { throw new Error('mine') }))");
    expect(shown).toContain('\nSolveError: mine');
    expect(shown).toContain('[cause]: Error: mine');
    expect(shown).toMatch(/\[cause\]: Error: mine\n +at .*program\.mjs:\d+/);
    expect(Buffer.byteLength(shown)).toBeLessThan(1200);
  });
});

test('a log shows the fields of an error and not its causes, which programs still find', () => {
  const cause = new Error('the same');
  const error = new RpcError(5, 'the same', [], { cause });
  expect(inspect(error)).toMatch(/^\[?RpcError: NotFound: the same.*\bcode: 5\b/s);
  expect(inspect(error)).not.toMatch(/cause|details|the same.*the same/s);
  expect(error.cause).toBe(cause);
});

test('a mistake in a program is shown with its place, however it is wrapped', () => {
  const error = new ShortError('x is not a function', {
    cause: new Error('x', { cause: new TypeError('x is not a function') }),
  });
  expect(inspect(error)).toContain('[cause]: TypeError: x is not a function');
});
