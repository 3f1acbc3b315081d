import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const letters = (count: number) => 'aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3'.repeat(20).slice(0, count);

/** Secrets of a Dockerfile and its arguments. Each is in no output of any command. */
const planted = {
  argument: 'tok_5Zq9',
  argumentDefault: 'default-7Kd2',
  variable: 'hunter2-Lm4',
  quoted: 'two words 8Xy',
  escaped: 'dol$lar"8Xy',
  single: 'single-3Vb8',
  old: 'old-form-9Pw',
  continued: 'begin-1Qa',
  short: 'x9z',
  github: `ghp_${letters(36)}`,
  aws: 'AKIAIOSFODNN7EXAMPL3',
  header: 'opaque-header-4Tz',
  inCommand: 'inline-6Hj',
  flag: 'flagged-2Nk',
  curl: 'curlpass-5Rt',
  address: 'addressed-8Ui',
  query: 'queried-1Op',
  json: 'jsonvalue-7Fg',
  file: 'written-3Sd',
  slack: 'xoxb-123456789012-abcdefGHIJKL',
  jwt: `eyJ${letters(20)}.eyJ${letters(30)}.${letters(40)}`,
  triggered: 'triggered-4Er',
  yaml: 'yamlvalue-3Kc',
  netrc: 'netrc-2Vq',
};

const dockerfile = `FROM scratch AS base
ARG GITHUB_TOKEN
ARG API_TOKEN=${planted.argumentDefault}
ENV DB_PASSWORD=${planted.variable}
ENV OTHER_SECRET="${planted.quoted}" \\
    THIRD_SECRET='${planted.single}' FOURTH_SECRET="dol\\$lar\\"8Xy"
ENV OLD_PASSWORD ${planted.old}
ENV LONG_TOKEN=${planted.continued}\\
-rest-2Wb
ENV AUTH=${planted.short}
COPY Dockerfile /$GITHUB_TOKEN
COPY Dockerfile /$API_TOKEN/${planted.variable}
COPY src-$DB_PASSWORD /src
WORKDIR /at/$DB_PASSWORD
RUN curl -H 'Authorization: Bearer ${planted.github}' https://example.com
RUN curl -H "Authorization: token ${planted.header}" -u me:${planted.curl} https://u:${planted.address}@example.com/?token=${planted.query}
RUN API_KEY=${planted.inCommand} aws --profile ${planted.aws} && login --password ${planted.flag} && echo $OTHER_SECRET
RUN <<END
echo '{ "password": "${planted.json}" }' ${planted.slack}
echo "//npm.example.com/:_authToken=${planted.file}" > .npmrc
cat > config.yaml <<YAML
db:
  password: ${planted.yaml}
YAML
printf 'machine h login u password ${planted.netrc}' > ~/.netrc
END
RUN echo ${planted.jwt} $FOURTH_SECRET && echo ${planted.old}
RUN ["sh", "-c", "TOKEN=${planted.triggered} make"]
FROM base
ONBUILD ENV BUILD_TOKEN=${planted.triggered}
COPY --from=base /x /y
`;

let dir: string;
beforeEach(() => {
  dir = temporaryDir({ Dockerfile: dockerfile, [`src-${planted.variable}`]: 'a' });
});

const args = () => [dir, '--offline', '--build-arg', `GITHUB_TOKEN=${planted.argument}`];
const parts = Object.values(planted).flatMap((it) => [it, JSON.stringify(it).slice(1, -1), it.replace(/\W/g, '\\$&')]);

function expectHidden(text: string): void {
  for (const secret of [...parts, 'rest-2Wb']) if (secret !== planted.short) expect(text, secret).not.toContain(secret);
  expect(text).not.toMatch(/\bx9z\b/);
}

/** The text without the script and the styles of a page, and with the data of sources as text. */
const readable = (text: string) =>
  text
    .replace(/<(script|style)(?! type="application\/json")[\s\S]*?<\/\1>/g, '')
    .replace(/"data": "([\w+/=]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString());

describe('planted secrets', () => {
  test.each(['dot', 'mermaid', 'svg', 'html', 'json'])('a graph as %s hides secrets', async (format) => {
    const { code, stdout, stderr } = await runCli(['graph', ...args(), '--format', format]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/•|#8226;/);
    expectHidden(readable(stdout) + stderr);
  });

  test.each(['text', 'json'])('the findings of check as %s hide secrets', async (format) => {
    const { stdout, stderr } = await runCli(['check', ...args(), '--format', format]);
    expect(stdout).toContain('SecretsUsedInArgOrEnv');
    expect(readable(stdout)).toContain('•');
    expectHidden(readable(stdout) + stderr);
  });

  test.each(['text', 'json'])('an explanation as %s hides a secret in the name of a file', async (format) => {
    const record = path.join(dir, 'record.json');
    await runCli(['explain', ...args(), '--from', path.join(dir, 'Dockerfile'), '--record', record]);
    writeFileSync(path.join(dir, `src-${planted.variable}`), 'b');
    const { code, stdout, stderr } = await runCli(['explain', ...args(), '--from', record, '--format', format]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('src-•••••••••••');
    expectHidden(stdout + stderr);
  });

  test('the warnings of compile hide secrets', async () => {
    const { code, stdout, stderr } = await runCli(['compile', ...args(), '--format', 'json']);
    expect(code).toBe(0);
    expect(stderr).toContain('SecretsUsedInArgOrEnv');
    expectHidden(stderr);
    expect(stdout).toContain(planted.argument); // what is built stays as it is
  });

  test.each(['text', 'json'])('an explanation as %s, and its record, hide secrets', async (format) => {
    const older = path.join(dir, 'older.Dockerfile');
    writeFileSync(older, 'FROM scratch\n');
    const record = path.join(dir, 'record.json');
    const flags = ['--from', older, '--record', record, '--format', format];
    const { code, stdout, stderr } = await runCli(['explain', ...args(), ...flags]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('•');
    expectHidden(stdout + stderr + readFileSync(record, 'utf8'));
  });

  test.each(['text', 'json'])('a report about the context as %s hides secrets', async (format) => {
    const { code, stdout, stderr } = await runCli(['context', ...args(), '--format', format, '--files']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('•');
    expectHidden(stdout + stderr);
  });

  test('the message of an error hides secrets', async () => {
    writeFileSync(
      path.join(dir, 'Dockerfile'),
      `ARG GITHUB_TOKEN\nFROM $\{GITHUB_TOKEN}:A:b\nENV TOKEN=hunter2-Lm4 = x\n`,
    );
    const { code, stderr } = await runCli(['compile', ...args()]);
    expect(code).toBe(1);
    expectHidden(stderr);
  });
});

test('columns of a frame stay where they are', async () => {
  writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nENV TOKEN=hunter2-Lm4 LATER=$UNKNOWN\n');
  const { stdout } = await runCli(['check', dir, '--offline']);
  expect(stdout).toContain('ENV TOKEN=••••••••••• LATER=$UNKNOWN');
});
