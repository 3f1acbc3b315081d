import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/image/platform.ts';
import { imageConfig, lower } from './lowering.ts';

const lines = (...text: string[]) => text.join('\n');

describe('the image', () => {
  test('the image takes the labels of the build', async () => {
    const { image } = await lower(lines('FROM scratch', 'LABEL a=1 b=1'), {
      options: { labels: new Map([['b', '2']]) },
    });
    expect([...image.config.labels!]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  test('the image is for the platform that was asked for, of which nothing else stays', async () => {
    const images = {
      'docker.io/library/alpine:latest': imageConfig({}, { architecture: 'arm', variant: 'v7', 'os.version': '1' }),
    };
    const platform = async (targetPlatform?: string) => {
      const options = { targetPlatform: targetPlatform === undefined ? undefined : parsePlatform(targetPlatform) };
      const { image } = await lower('FROM alpine', { images, options });
      return [image.os, image.architecture, image.variant, image.osVersion];
    };
    expect(await platform()).toEqual(['linux', 'arm', 'v7', '1']);
    expect(await platform('linux/arm64')).toEqual(['linux', 'arm64', '', '']);
    expect(await platform('linux/arm/v6')).toEqual(['linux', 'arm', 'v6', '1']);
  });

  test('the image of the base is kept as it was', async () => {
    const images = {
      'docker.io/library/alpine:latest': imageConfig({ Cmd: ['sh'] }, { created: '2024-01-01T00:00:00Z' }),
    };
    const { image, baseImage } = await lower(lines('FROM alpine AS a', 'FROM a', 'CMD ["x"]'), { images });
    expect(image.created).toBeUndefined();
    expect(baseImage).toMatchObject({ created: { seconds: 1704067200n }, config: { cmd: ['sh'] }, history: [] });
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  test('stamps directories and history', async () => {
    const buildArgs = new Map([['SOURCE_DATE_EPOCH', '1700000000']]);
    const { image, epoch, definition } = await lower(lines('FROM scratch', 'WORKDIR /w'), { options: { buildArgs } });
    expect(epoch).toEqual({ seconds: 1700000000n, nanos: 0 });
    expect(image.history[0]?.created).toEqual(epoch);
    const [action] = definition.ops().flatMap(({ op }) => (op.op.case === 'file' ? op.op.value.actions : []));
    expect(action?.action.case === 'mkdir' && action.action.value.timestamp).toBe(1700000000_000000000n);
  });

  test('SOURCE_DATE_EPOCH may be a stage’s only source, and stages see the seconds', async () => {
    const text = lines(
      'ARG SOURCE_DATE_EPOCH=src',
      'FROM scratch AS src',
      'ARG V=1',
      'ADD https://example.com/v$V.tar /',
      'FROM alpine',
      'ARG SOURCE_DATE_EPOCH',
    );
    const { image, epoch } = await lower(text, { epoch: { seconds: 5n, nanos: 7 } });
    expect(epoch).toEqual({ seconds: 5n, nanos: 7 });
    expect(image.history[0]?.createdBy).toBe('ARG SOURCE_DATE_EPOCH=5');
  });

  test.each([
    ['FROM alpine AS src', 'SOURCE_DATE_EPOCH stage must use FROM scratch'],
    ['FROM scratch AS src', 'SOURCE_DATE_EPOCH stage must contain exactly one remote ADD'],
    ['FROM scratch AS src\nADD a /', 'SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD'],
    [
      'FROM scratch AS src\nRUN x',
      'SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported RUN instruction',
    ],
    ['FROM scratch AS other', 'invalid SOURCE_DATE_EPOCH: src'],
  ])('%j is not a source of a time', async (text, expected) => {
    const buildArgs = new Map([['SOURCE_DATE_EPOCH', 'src']]);
    await expect(lower(text, { options: { buildArgs } })).rejects.toThrow(expected);
  });
});

describe('scans', () => {
  test('scans cover the stages and the context that arguments name', async () => {
    const text = lines(
      'ARG BUILDKIT_SBOM_SCAN_CONTEXT=true',
      'FROM alpine AS a',
      'ARG BUILDKIT_SBOM_SCAN_STAGE=a,x',
      'FROM alpine AS b',
      'ARG BUILDKIT_SBOM_SCAN_STAGE=a',
      'FROM scratch',
      'COPY --from=a / /',
      'COPY --from=b / /',
    );
    const { sbom, ignoreCache } = await lower(text, { options: { noCache: ['a'] } });
    expect([...sbom.extras.keys()].sort()).toEqual(['a', 'context']);
    expect(ignoreCache).toBe(true);
  });
});

test('a file without a stage is an error with a code', async () => {
  await expect(lower('ARG A=1')).rejects.toMatchObject({
    code: 'no-stage',
    message: 'dockerfile contains no stages to build',
  });
});

test('the arguments of the SBOM scan are no undefined variables', async () => {
  const { warnings } = await lower('FROM alpine\nWORKDIR /$BUILDKIT_SBOM_SCAN_STAGE$BUILDKIT_SBOM_SCAN_CONTEXT$OTHER');
  expect(warnings).toEqual([expect.stringContaining("undefined variable '$OTHER'")]);
});

describe('the outline', () => {
  test('lists what the target and all it needs can be given', async () => {
    const text = lines(
      '# V the version',
      'ARG V=1 UNUSED=2',
      'ARG FULL=$V.0',
      'FROM alpine:$FULL AS a',
      'RUN --mount=type=secret,id=s,required x',
      'FROM alpine AS not-needed',
      'ARG NO=1',
      '# the result',
      'FROM alpine AS target',
      'ARG MODE=fast',
      'COPY --from=a / /',
      'RUN --mount=type=ssh x',
    );
    const images = { 'docker.io/library/alpine:1.0': imageConfig() };
    const { outline } = await lower(text, { images });
    const { name, args, secrets, ssh } = outline();
    expect(name).toBe('target');
    expect(args.map((arg) => [arg.name, arg.value, arg.lines?.start])).toEqual([
      ['V', '1', 2],
      ['FULL', '1.0', 3],
      ['MODE', 'fast', 10],
    ]);
    expect(args[0]?.description).toBe('the version');
    expect(secrets).toEqual([{ name: 's', required: true, lines: { start: 5, end: 5 } }]);
    expect(ssh).toEqual([{ name: 'default', required: false, lines: { start: 12, end: 12 } }]);
  });
});
