/** What a Dockerfile has that is not UTF-8, in the texts of its warnings and in the names of its steps. */
import { expect, test } from 'vitest';
import { type Connection, connect, type SolveOptions, solve } from '../../src/client/index.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { encodeText } from '../../src/go/text.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** Dockerfiles and the warnings they get, as Latin-1; `\ufffd` stands for the three bytes of U+FFFD. */
const cases: [title: string, dockerfile: string, warnings: string[]][] = [
  [
    'an image',
    'FROM alpine\xe2\x82\n',
    [
      'InvalidDefaultArgInFrom: Default value for ARG alpine\xe2\x82 results in empty or invalid base image name (line 1)',
    ],
  ],
  [
    'the name of a stage',
    'FROM scratch AS \xe2\x82B\xff\n',
    ["StageNameCasing: Stage name '\xe2\x82B\xff' should be lowercase (line 1)"],
  ],
  [
    'a keyword',
    'FROM scratch \xe2\x82as b\n',
    ["FromAsCasing: '\xe2\x82as' and 'FROM' keywords' casing do not match (line 1)"],
  ],
  [
    'words, of which each byte becomes one U+FFFD when variables are expanded',
    'FROM scratch\nWORKDIR a\xe2\x82\n',
    [
      'WorkdirRelativePath: Relative workdir "a\ufffd\ufffd" can have unexpected results if the base image changes (line 2)',
    ],
  ],
  [
    'names of variables',
    'FROM scratch\nARG TOKEN\xe2\x82_SECRET=2\n',
    [
      'SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN\ufffd\ufffd_SECRET") (line 2)',
    ],
  ],
  [
    'names of steps, as the golden case lint/bytes-that-are-no-text records them',
    'FROM scratch\nARG TOKEN\xe2\x82_SECRET=2\nWORKDIR a\xf0\x9f\x98\nCOPY f\xe2\x82\xff /x$B\xe2\x82\n',
    [
      'SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN\ufffd\ufffd_SECRET") (line 2)',
      'WorkdirRelativePath: Relative workdir "a\ufffd\ufffd\ufffd" can have unexpected results if the base image changes (line 3)',
      "UndefinedVar: Usage of undefined variable '$B' (line 4)",
    ],
  ],
  ['names of files', 'FROM scratch\nCOPY f\xe2\x82 /x\xff\n', []],
  ['options', 'FROM scratch\nCOPY --chown=\xe2\x82 x /\n', []],
  ['mounts', 'FROM scratch\nRUN --mount=type=cache,id=\xe2\x82,target=/x y\n', []],
  ['addresses', 'FROM scratch\nADD http://127.0.0.1:1/\xe2\x82 /x\n', []],
  ['arrays', 'FROM scratch\nRUN ["a\xe2\x82", "\xff\xff\xff"]\n', []],
];

const latin1 = (text: string) => Buffer.from(encodeText(text)).toString('latin1').replaceAll('\xef\xbf\xbd', '\ufffd');

async function told(connection: Connection, dir: string, frontend: SolveOptions['frontend']) {
  const build = solve(connection, { frontend, localDirs: { context: dir, dockerfile: dir }, auth: false });
  const [warnings, names] = [new Set<string>(), new Set<string>()];
  for await (const update of build.status) {
    for (const { short } of update.warnings) warnings.add(latin1(short));
    for (const { name } of update.vertexes) names.add(name.replace(/^\[internal\] load .*/, ''));
  }
  await build.result.catch(() => {});
  return { warnings: [...warnings], names: [...names].sort() };
}

await onEngines('bytes that are not text', { suites: ['forky'] }, (engine) => {
  test.each(cases)('bytes that are not text are kept in %s', async (_, dockerfile, warnings) => {
    const dir = temporaryDir({ Dockerfile: Buffer.from(dockerfile, 'latin1') });
    const connection = await connect(engine.address);
    const ours = await told(connection, dir, runFrontend);
    const theirs = await told(connection, dir, 'dockerfile.v0');
    connection.close();
    expect(theirs.warnings).toEqual(warnings);
    expect(ours).toEqual(theirs);
  });
});
