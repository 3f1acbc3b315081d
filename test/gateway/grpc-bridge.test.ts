import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ResolvedToOtherSource } from '../../src/gateway/bridge.ts';
import { createGrpcBridge } from '../../src/gateway/grpc-bridge.ts';
import * as pb from '../../src/gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { decodeText } from '../../src/go/text.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { image, merge } from '../../src/llb/index.ts';

type Answers = Readonly<Record<string, (request: never) => MessageInitShape<DescMessage>>>;

const schemas = pb as unknown as Readonly<Record<string, DescMessage>>;

/** A bridge to a daemon with these capabilities; `calls` records methods and decoded requests. */
async function connect(caps: { frontend?: readonly string[]; llb?: readonly string[] }, answers: Answers = {}) {
  const calls: [method: string, request: Record<string, unknown>][] = [];
  const announce = (ids: readonly string[] = []) => ids.map((ID) => ({ ID, Enabled: true }));
  const all: Answers = {
    Ping: () => ({ FrontendAPICaps: announce(caps.frontend), LLBCaps: announce(caps.llb) }),
    ...answers,
  };
  const bridge = await createGrpcBridge(
    {
      async unary(path, bytes) {
        const method = path.split('/').at(-1)!;
        const request = fromBinary(schemas[`${method}RequestSchema`]!, bytes);
        if (method !== 'Ping') calls.push([method, request as unknown as Record<string, unknown>]);
        const schema = schemas[method === 'Ping' ? 'PongResponseSchema' : `${method}ResponseSchema`]!;
        return toBinary(schema, create(schema, all[method]?.(request as never) ?? {}));
      },
      close() {},
    },
    { opts: {}, sessionId: 's', product: 'buildkit', workers: [] },
  );
  return { bridge, calls };
}

const result = (value: MessageInitShape<typeof pb.ResultSchema>) => () => ({ result: value });

test('the texts of warnings arrive byte by byte, text or not', async () => {
  const { bridge, calls } = await connect({});
  const text = decodeText(Buffer.from('ARG alpine\xe2\x82 \xff', 'latin1'));
  await bridge.warn('', { level: 1, short: text, detail: [text], url: '' });
  const [[, sent] = []] = calls;
  expect(Buffer.from(sent?.['short'] as Uint8Array).toString('latin1')).toBe('ARG alpine\xe2\x82 \xff');
  expect(sent?.['detail']).toEqual([sent?.['short']]);
});

describe('capabilities', () => {
  test('takes the first ones for granted when the daemon announces none', async () => {
    const { bridge } = await connect({});
    expect(bridge.options.frontendCapabilities.supports('readfile')).toBe(true);
    expect(bridge.options.frontendCapabilities.supports('statfile')).toBe(false);
    expect(bridge.options.llbCapabilities.supports('source.image')).toBe(true);
    expect(bridge.options.llbCapabilities.supports('file.base')).toBe(false);
  });

  test('guards solves by what their ops need', async () => {
    const { bridge, calls } = await connect({ llb: ['source.image'] });
    const definition = merge([image('a'), image('b')]).marshal();
    await expect(bridge.solve({ definition })).rejects.toThrow(
      /requested experimental feature (mergeop|constraints|platform|meta\.description) {2}is not supported/,
    );
    expect(calls).toEqual([]);
  });

  test.each([
    ['inputs', 'frontend.inputs'],
    ['readDir', 'readdir'],
    ['statFile', 'statfile'],
  ] as const)('a call that needs a capability checks it first: %s needs %s', async (method, cap) => {
    const { bridge } = await connect({ frontend: ['readfile'] });
    const call = () => (method === 'inputs' ? bridge.inputs() : bridge[method]({ id: 'r' }, '/'));
    await expect(call()).rejects.toThrow(`requested experimental feature ${cap} (`);
  });
});

describe('solve', () => {
  test.each([
    [{ case: 'ref' as const, value: { id: 'r' } }, { ref: { id: 'r' } }],
    [{ case: 'ref' as const, value: { id: '' } }, { ref: undefined }],
    [{ case: 'refDeprecated' as const, value: 'r' }, { ref: { id: 'r' } }],
    [
      { case: 'refs' as const, value: { refs: { a: { id: '1' }, b: {} } } },
      {
        refs: new Map([
          ['a', { id: '1' }],
          ['b', { id: '' }],
        ]),
      },
    ],
    [{ case: 'refsDeprecated' as const, value: { refs: { a: '1' } } }, { refs: new Map([['a', { id: '1' }]]) }],
  ])('reads a result of the form %j', async (value, expected) => {
    const { bridge } = await connect({}, { Solve: result({ result: value, metadata: { k: new Uint8Array([1]) } }) });
    const solved = await bridge.solve({});
    expect(solved).toMatchObject(expected);
    expect(solved.metadata.get('k')).toEqual(new Uint8Array([1]));
  });

  test('reads the answer of a daemon that knows no results', async () => {
    const { bridge } = await connect({}, { Solve: () => ({ ref: 'old' }) });
    expect((await bridge.solve({})).ref).toEqual({ id: 'old' });
  });

  test('looks at a file where the daemon cannot evaluate', async () => {
    const answers = { Solve: result({ result: { case: 'ref', value: { id: 'r' } } }), StatFile: () => ({ stat: {} }) };
    const old = await connect({ frontend: ['statfile'] }, answers);
    await old.bridge.solve({ evaluate: true });
    expect(old.calls).toMatchObject([
      ['Solve', { Evaluate: false }],
      ['StatFile', { Ref: 'r', Path: '.' }],
    ]);
    const recent = await connect({ frontend: ['statfile', 'gateway.solve.evaluate'] }, answers);
    await recent.bridge.solve({ evaluate: true });
    expect(recent.calls).toMatchObject([['Solve', { Evaluate: true }]]);
  });
});

describe('image configs', () => {
  const request = { platform: parsePlatform('linux/arm64'), resolveMode: 'pull', logName: 'load' } as const;
  const config = new Uint8Array([1, 2]);

  test('image configs come from the metadata resolver, without a mode', async () => {
    const { bridge, calls } = await connect(
      { frontend: ['source.metaresolver'] },
      {
        ResolveSourceMeta: () => ({
          Source: { identifier: 'docker-image://other' },
          Image: { Digest: 'sha256:1', Config: config },
        }),
      },
    );
    expect(await bridge.resolveImageConfig('docker.io/library/a:1', request)).toEqual({
      ref: 'other',
      digest: 'sha256:1',
      config,
    });
    expect(calls).toMatchObject([
      [
        'ResolveSourceMeta',
        {
          Source: { identifier: 'docker-image://docker.io/library/a:1' },
          ResolveMode: '',
          LogName: 'load',
          Platform: { Architecture: 'arm64' },
        },
      ],
    ]);
  });

  test('an image config may turn out to be another source', async () => {
    const { bridge } = await connect(
      { frontend: ['source.metaresolver'] },
      { ResolveSourceMeta: () => ({ Source: { identifier: 'git://x' } }) },
    );
    const error = await bridge.resolveImageConfig('a', request).catch((error) => error);
    expect(error).toBeInstanceOf(ResolvedToOtherSource);
    expect(error).toMatchObject({ updated: 'git://x' });
  });

  test('image configs come from an older daemon with the mode and, for a layout, its store', async () => {
    const { bridge, calls } = await connect(
      { frontend: ['resolveimage'] },
      { ResolveImageConfig: () => ({ Digest: 'sha256:1', Config: config }) },
    );
    expect(await bridge.resolveImageConfig('a', request)).toEqual({ ref: 'a', digest: 'sha256:1', config });
    await bridge.resolveImageConfig('b', { ...request, ociLayout: { sessionId: 's', storeId: 'st' } });
    await bridge.resolveSourceMetadata({ identifier: 'docker-image://c', attrs: {} }, request);
    expect(calls).toMatchObject([
      ['ResolveImageConfig', { Ref: 'a', ResolveMode: 'pull', ResolverType: 0 }],
      ['ResolveImageConfig', { Ref: 'b', ResolveMode: '', ResolverType: 1, StoreID: 'st', SessionID: 's' }],
      ['ResolveImageConfig', { Ref: 'c', ResolveMode: 'pull' }],
    ]);
  });

  test('an older daemon resolves only image configs', async () => {
    const { bridge, calls } = await connect({ frontend: ['resolveimage'] });
    const source = { identifier: 'git://x', attrs: {} };
    expect(await bridge.resolveSourceMetadata(source, { logName: '' })).toEqual({ source });
    expect(calls).toEqual([]);
  });
});

describe('return', () => {
  const refs = new Map([
    ['linux/amd64', { id: '1' }],
    ['linux/arm64', { id: '' }],
  ]);
  const metadata = new Map([['k', new Uint8Array([1])]]);

  test('sends references in the form the daemon reads', async () => {
    const recent = await connect({ frontend: ['return', 'returnmap', 'proto.refarray'] });
    await recent.bridge.return({ ref: { id: 'r' }, metadata });
    await recent.bridge.return({ refs, metadata });
    expect(recent.calls).toMatchObject([
      ['Return', { result: { result: { case: 'ref', value: { id: 'r' } }, metadata: { k: new Uint8Array([1]) } } }],
      [
        'Return',
        {
          result: {
            result: { case: 'refs', value: { refs: { 'linux/amd64': { id: '1' }, 'linux/arm64': { id: '' } } } },
          },
        },
      ],
    ]);
    const old = await connect({ frontend: ['return', 'returnmap'] });
    await old.bridge.return({ ref: { id: 'r' }, metadata });
    await old.bridge.return({ refs, metadata });
    expect(old.calls).toMatchObject([
      ['Return', { result: { result: { case: 'refDeprecated', value: 'r' } } }],
      [
        'Return',
        { result: { result: { case: 'refsDeprecated', value: { refs: { 'linux/amd64': '1', 'linux/arm64': '' } } } } },
      ],
    ]);
  });

  test('return with several results needs a daemon that takes several', async () => {
    const { bridge } = await connect({ frontend: ['return', 'proto.refarray'] });
    await expect(bridge.return({ refs, metadata })).rejects.toThrow('requested experimental feature returnmap');
  });
});
