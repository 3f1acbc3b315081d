/** What a Dockerfile, a daemon or a command line holds reaches the terminal without acting on it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BuildHistoryEventType } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { Code, RpcError } from '../../src/rpc/rpc-error.ts';
import { type FakeControl, fakeControl } from '../cli/fake-control.ts';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** Clear the screen, set title and clipboard, ask for an answer, go back, reorder: in 7 and in 8 bits. */
const evil =
  'E\x1b[2J\x1b]0;title\x07\x1b]52;c;QUJD\x1b\\\x1bP$q"p\x1b\\\x1b[6n\x1bc\b\b\x0e\x9b2J\x9d0;t\x9c\x90q\x9c\u202ereorder\u2066\u2028end';
/** The same where one line is wanted, with what would start others. */
const evilLine = `${evil}\r\tx\n#99 DONE`;

const ownStyle = /\x1b\[[\d;]*m/g;
const acting = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/;

/** Nothing but colours of our own, line breaks and tabs. */
function expectHarmless(text: string): void {
  const found = acting.exec(text.replace(ownStyle, ''));
  expect(found && JSON.stringify(text.slice(Math.max(0, found.index - 40), found.index + 40))).toBeNull();
}

/** Runs a command on a terminal. */
async function onTerminal(args: readonly string[], options: Parameters<typeof runCli>[1] = {}) {
  const result = await runCli(args, { terminal: true, ...options });
  expectHarmless(result.stdout);
  expectHarmless(result.stderr);
  return result;
}

describe('an evil daemon', () => {
  let daemon: FakeControl;
  const [created, completed] = [timestampFromMs(1000), timestampFromMs(2000)];
  const usage = {
    ID: evilLine, Parents: [evilLine], RecordType: evilLine, Description: evilLine, CreatedAt: created, LastUsedAt: created, Size: 1n,
  }; // biome-ignore format: a record
  const failing = async () => {
    throw new RpcError(Code.unknown, evil);
  };
  const info = { filename: evilLine, data: Buffer.from(evilLine), language: evil };
  const range = { start: { line: 1 }, end: { line: 1 } };
  beforeAll(async () => {
    daemon = await fakeControl({
      listWorkers: async () => ({
        record: [{ ID: evilLine, Labels: { [evilLine]: evilLine }, platforms: [{ OS: evilLine, Architecture: evilLine, Variant: evilLine }] }],
      }),
      info: async () => ({ buildkitVersion: { version: evilLine } }),
      diskUsage: async () => ({ record: [usage] }),
      async *prune() {
        yield usage;
      },
      async *listenBuildHistory() {
        yield {
          type: BuildHistoryEventType.COMPLETE,
          record: {
            Ref: evilLine, Frontend: evilLine, FrontendAttrs: { target: evilLine, [evilLine]: evil }, CreatedAt: created, CompletedAt: completed,
            ExporterResponse: { 'image.name': evilLine }, error: { code: 2, message: evilLine },
          },
        };
      },
      async *status() {
        const vertex = { digest: 'a', name: evilLine, started: created };
        const group = { id: evil, name: evilLine, weak: false };
        yield { vertexes: [vertex, { digest: 'b', name: evil, started: created, progressGroup: group }] };
        yield { statuses: [{ ID: evilLine, vertex: 'a', name: evilLine, started: created, timestamp: created }] };
        yield { warnings: [{ vertex: 'a', level: 1n, short: Buffer.from(evilLine), detail: [Buffer.from(evilLine)], url: evil, info, ranges: [range] }] };
        for (const byte of Buffer.from(`\x1b[31mred\x1b[0m ${evilLine}\n`))
          yield { logs: [{ vertex: 'a', stream: 1n, msg: Buffer.of(byte), timestamp: created }] };
        yield { vertexes: [{ ...vertex, completed, error: evilLine }] };
      },
      updateBuildHistory: failing,
      solve: failing,
    });
  }); // biome-ignore format: answers
  afterAll(() => daemon.close());

  test.each([
    ['workers'], ['workers --json'], ['du'], ['du --verbose'], ['du --json'], ['prune --force'], ['prune --force --verbose'],
    ['history ls'], ['history ls --json'], ['history rm x'], ['history logs x'], ['history logs x --progress=rawjson'],
  ])('changes nothing of the terminal with %s', async (command) => {
    const { stdout, stderr } = await onTerminal([...command.split(' '), `--builder=${daemon.address}`]);
    expect(stdout + stderr).toContain('E'); // it was there
    expect(stdout).not.toMatch(/^#99 DONE/m);
  }); // biome-ignore format: a list

  test('keeps the values of JSON, and of a pipe the bytes', async () => {
    const args = ['du', '--json', `--builder=${daemon.address}`];
    expect(JSON.parse((await onTerminal(args)).stdout)).toMatchObject({ description: evilLine });
    expect((await runCli(args)).stdout).toContain('\u202e');
  });

  test('keeps of the output of steps the colours on a terminal, everything in a pipe', async () => {
    const args = ['history', 'logs', 'x', `--builder=${daemon.address}`];
    const { stdout } = await onTerminal(args);
    expect(stdout).toContain('\x1b[31mred\x1b[0m E');
    expect((await runCli(args)).stdout).toContain(`\x1b[31mred\x1b[0m ${evil}`);
    expect((await onTerminal(args, { env: { NO_COLOR: '1' } })).stdout).toContain(' red E');
  });
});

describe('an evil Dockerfile', () => {
  const dockerfile = [
    `# comment ${evil}`,
    `ARG A=${evil}`,
    'FROM scratch AS a',
    `LABEL l="${evil}"`,
    `COPY ${evil} /${evil}/`,
    `WORKDIR /$\{nope${evil}}`,
    `ENV ${evil} x`,
    '',
  ].join('\n');

  test.each([
    [['compile', '--offline', '--format=tree', '-']],
    [['compile', '--offline', '-']],
    [['compile', '--offline', `--target=${evil}`, '-']],
    [['graph', '--offline', '-']],
    [['check', '--offline', '-']],
    [['check', '--offline', '--format=json', '-']],
  ])('changes nothing of the terminal with %j', async (args) => {
    for (const text of [dockerfile, dockerfile.replace('LABEL', 'lABEL'), `${dockerfile}RUN --mount=${evil} x\n`, `${dockerfile}${evil} x\n`, `FROM ${evil}\n`])
      await onTerminal(args, { stdin: text });
  }); // biome-ignore format: a list

  test('files for people have no control sequences either', async () => {
    const file = path.join(temporaryDir(), 'tree');
    await onTerminal(['compile', '--offline', '--format=tree', '-o', file, '-'], {
      stdin: `FROM scratch\nCOPY ["a${evil.replaceAll(/["$\\]/g, '')}", "/"]\n`,
    });
    expectHarmless(readFileSync(file, 'utf8'));
    expect(readFileSync(file, 'utf8')).toContain('reorder');
  });
});

test.each([
  [[evil]],
  [['build', `--${evil}`]],
  [['build', `--builder=${evil}`]],
  [['build', `--builder=tcp://127.0.0.1:1/${evil}`]],
  [['build', `--progress=${evil}`]],
  [['compile', evil]],
  [['compile', '.', '-f', evil]],
  [['compile', `--platform=${evil}`]],
  [['compile', `--build-context=a=${evil}`]],
  [['compile', '.', `--images=${evil}`]],
  [['history', evil]],
])('errors about the command line %j have no control sequences', async (args) => {
  const { stderr } = await onTerminal(args, { env: { DOCKER_CONTEXT: evil, BUILDKIT_PROGRESS: evil } });
  expect(stderr).not.toBe('');
});

test('the CLI writes through its one writer only', () => {
  const root = path.resolve(import.meta.dirname, '../../src/cli');
  const writers = (readdirSync(root, { recursive: true }) as string[]).filter(
    (file) =>
      file.endsWith('.ts') && /process\.(stdout|stderr)\b|console\./.test(readFileSync(path.join(root, file), 'utf8')),
  );
  // The first hands standard output to an export as the place for its archive, the second is the writer.
  expect(writers.sort()).toEqual(['build-command/outputs.ts', 'process-io.ts']);
});

await onEngines('an evil build', { suites: ['forky'] }, (engine) => {
  const cursor = /\x1b\[\?(?:25|7)[lh]|\x1b\[\d+[AG]|\r\x1b\[(?:2K|J)/g; // what the display on a terminal draws with

  test.each(['plain', 'tty', 'rawjson'])('changes nothing of the terminal with %s', async (mode) => {
    const base = await engine.baseImage();
    const dir = temporaryDir({
      evil,
      Dockerfile: `FROM ${base} as x\nCOPY evil /\nRUN : "${evil.replaceAll('"', '')}"; cat /evil; echo; cat /evil >&2; exit 7 # ${Math.random()}\n`,
    });
    const { code, stdout, stderr } = await runCli(['build', `--builder=${engine.address}`, `--progress=${mode}`, dir], {
      terminal: true,
    });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    if (mode !== 'rawjson') expect(stderr).toContain('FromAsCasing');
    expect(stderr).toMatch(/ERROR: .*exit code: 7/);
    expectHarmless(stderr.replace(cursor, ''));
  });

  test('check, outline and targets print no control sequences', async () => {
    const dir = temporaryDir();
    const text = evil.replaceAll('"', '').replaceAll('$', '');
    writeFileSync(path.join(dir, 'Dockerfile'), `# A ${text}\nARG A="${text}"\n# x ${text}\nFROM scratch as x\n`);
    for (const call of ['check', 'outline', 'targets', 'check,format=json', 'targets,format=json'])
      await onTerminal(['build', `--builder=${engine.address}`, '--progress=quiet', `--call=${call}`, dir]);
  });
});
