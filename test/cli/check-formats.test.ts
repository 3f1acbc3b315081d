/** The formats of `tsfront check` for services that show findings. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

async function report(format: string, files: Readonly<Record<string, string>>) {
  const dir = temporaryDir(files);
  const { stdout, code } = await runCli(['check', dir, '--offline', '--format', format]);
  expect(code).toBe(1);
  return { dir, stdout };
}

const files = {
  Dockerfile: 'ARG V=1\nFROM scratch AS a<b&"c"\nCOPY\n',
  'b/Dockerfile': 'FROM scratch as One\nCOPY --from=One a%b /\n',
};

const text = (file: string) => readFileSync(createRequire(import.meta.url).resolve(file), 'utf8');

describe('sarif', () => {
  const schema = JSON.parse(text('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
  // Draft 4 and Draft 7 differ in these alone here.
  delete schema.$schema;
  delete schema.id;
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);

  test('the log is valid, with rules, places and fixes', async () => {
    const { dir, stdout } = await report('sarif', files);
    const log = JSON.parse(stdout);
    expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
    const [{ tool, results, originalUriBaseIds }] = log.runs;
    expect(originalUriBaseIds['%SRCROOT%'].uri).toMatch(/^file:\/\/\/.*\/$/);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
    for (const { shortDescription, helpUri } of tool.driver.rules) {
      expect(shortDescription.text).toMatch(/\.$/);
      expect(helpUri).toMatch(/^https:\/\//);
    }
    const casing = results.find(({ ruleId }: { ruleId: string }) => ruleId === 'StageNameCasing');
    expect(casing).toMatchObject({
      level: 'warning',
      message: { text: "Stage name 'One' should be lowercase. Write one, also where it is used." },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: `file://${dir}/b/Dockerfile` },
            region: { startLine: 1, startColumn: 17, endLine: 1, endColumn: 20 },
          },
        },
      ],
      fixes: [
        {
          description: { text: 'Write one, also where it is used' },
          artifactChanges: [
            {
              replacements: [
                {
                  deletedRegion: { startLine: 1, startColumn: 17, endLine: 1, endColumn: 20 },
                  insertedContent: { text: 'one' },
                },
                {
                  deletedRegion: { startLine: 2, startColumn: 13, endLine: 2, endColumn: 16 },
                  insertedContent: { text: 'one' },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test('paths below the working directory begin there', async () => {
    const stdin = 'FROM scratch AS A\n';
    const { stdout } = await runCli(['check', '-', '--offline', '--format=sarif'], { stdin });
    const [{ results }] = JSON.parse(stdout).runs;
    expect(results[0].locations[0].physicalLocation.artifactLocation).toEqual({
      uri: 'Dockerfile',
      uriBaseId: '%SRCROOT%',
    });
  });

  test('a fingerprint stays when lines are added above, and is its own', async () => {
    const fingerprints = async (dockerfile: string) => {
      const stdin = dockerfile;
      const { stdout } = await runCli(['check', '-', '--offline', '--format=sarif'], { stdin });
      return JSON.parse(stdout).runs[0].results.map(
        (it: { partialFingerprints: object }) => Object.values(it.partialFingerprints)[0],
      );
    };
    const twice = 'FROM scratch as a\nFROM scratch as b\nFROM scratch as b\n';
    const before = await fingerprints(twice);
    expect(await fingerprints(`# more\n\n${twice}`)).toEqual(before);
    expect(new Set(before).size).toBe(before.length);
  });

  test('a run without problems is valid', async () => {
    const { stdout, code } = await runCli(['check', '-', '--offline', '--format=sarif'], { stdin: 'FROM scratch\n' });
    expect(code).toBe(0);
    expect(validate(JSON.parse(stdout))).toBe(true);
  });
});

test('github: each problem is a workflow command, whose parts are escaped', async () => {
  const { dir, stdout } = await report('github', files);
  const lines = stdout.trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^::(?:error|warning) file=[^:]+::[^\r\n]+$/);
  expect(lines).toContain(
    `::warning file=${dir}/b/Dockerfile,line=1,endLine=1,col=17,endColumn=20,title=StageNameCasing::Stage name 'One' should be lowercase%0AWrite one, also where it is used.`,
  );
});

test('github: what a Dockerfile says is no command', async () => {
  const stdin = 'FROM scratch\nCOPY --::error::x a /\n::warning::y\n';
  const { stdout } = await runCli(['check', '-', '--offline', '--format=github'], { stdin });
  expect(stdout.match(/^::\w+ /gm)).toEqual(stdout.match(/^.+$/gm)?.map(() => '::error '));
});

test('gitlab: a list of issues with stable fingerprints', async () => {
  const { dir, stdout } = await report('gitlab', files);
  const issues = JSON.parse(stdout);
  expect(new Set(issues.map(({ fingerprint }: { fingerprint: string }) => fingerprint)).size).toBe(issues.length);
  expect(issues).toContainEqual({
    description: "Stage name 'One' should be lowercase. Write one, also where it is used.",
    check_name: 'StageNameCasing',
    fingerprint: expect.stringMatching(/^[\da-f]{64}$/),
    severity: 'minor',
    location: { path: `${dir}/b/Dockerfile`, lines: { begin: 1, end: 1 } },
  });
  expect(issues.filter(({ severity }: { severity: string }) => severity === 'major')).not.toEqual([]);
});

test('checkstyle is XML with a file element for each file', async () => {
  const { dir, stdout } = await report('checkstyle', files);
  expect(XMLValidator.validate(stdout)).toBe(true);
  const parsed = new XMLParser({ ignoreAttributes: false, isArray: (name) => /^(?:file|error)$/.test(name) }).parse(
    stdout,
  );
  expect(parsed.checkstyle.file.map((it: Record<string, string>) => it['@_name'])).toEqual([
    `${dir}/Dockerfile`,
    `${dir}/b/Dockerfile`,
  ]);
  expect(parsed.checkstyle.file[1].error).toContainEqual({
    '@_line': '1',
    '@_column': '17',
    '@_severity': 'warning',
    '@_message': "Stage name 'One' should be lowercase. Write one, also where it is used.",
    '@_source': 'tsfront.StageNameCasing',
  });
});

test('checkstyle: without control characters, which XML cannot hold', async () => {
  const stdin = 'FROM scratch\nCOPY --\u0001\u001b<&">\udc80 a /\n';
  const { stdout } = await runCli(['check', '-', '--offline', '--format=checkstyle'], { stdin });
  expect(XMLValidator.validate(stdout)).toBe(true);
  expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
});

test('json: a list for a directory, the answer itself for a file', async () => {
  const dir = temporaryDir({ Dockerfile: 'FROM scratch\n' });
  const json = async (...paths: string[]) =>
    JSON.parse((await runCli(['check', ...paths, '--offline', '--format=json'])).stdout);
  expect(await json(dir)).toMatchObject([{ path: `${dir}/Dockerfile`, warnings: null }]);
  expect(await json(`${dir}/Dockerfile`)).toMatchObject({ warnings: null });
});

test('--max-warnings is the number of warnings that are accepted', async () => {
  const stdin = 'FROM scratch as a\nFROM scratch AS B\n';
  for (const [number, code] of [
    ['2', 0],
    ['1', 1],
    ['0', 1],
  ] as const)
    expect((await runCli(['check', '-', '--offline', '--max-warnings', number], { stdin })).code).toBe(code);
  expect((await runCli(['check', '-', '--offline', '--max-warnings=9'], { stdin: 'FROM scratch\nFOO\n' })).code).toBe(
    1,
  );
});

test('--quiet prints the problems only', async () => {
  const quiet = (stdin: string) => runCli(['check', '-', '--offline', '-q'], { stdin });
  expect(await quiet('FROM nginx:1\n')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await quiet('FROM scratch as a\n')).stdout).toMatch(/fix: Write AS\n.*from-as-casing\/\n$/);
});
