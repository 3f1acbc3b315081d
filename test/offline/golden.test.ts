/**
 * Offline compilation gives the digests of the gateway: the golden cases, whose expected records were taken from the
 * reference frontend at its gateway, compiled from their files alone.
 */
import { describe, expect, it } from 'vitest';
import { formatPlatform, type Platform, parsePlatform } from '../../src/image/platform.ts';
import { formatReference, referenceName } from '../../src/image/reference.ts';
import type { ImageResolver } from '../../src/image/resolver.ts';
import { compile } from '../../src/offline/compile.ts';
import { memoryTree } from '../../src/offline/file-tree.ts';
import type { OfflineOptions } from '../../src/offline/offline-bridge.ts';
import { type GoldenCase, goldenNames, readCase, readExpected } from '../golden/cases.ts';

interface Terminal {
  readonly digest: string;
}

interface Expected {
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly ref?: Terminal | null;
    readonly refs?: Readonly<Record<string, Terminal | null>>;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly solves: readonly Solve[];
}

interface Solve {
  readonly frontend?: string;
  readonly definition?: {
    readonly terminal?: Terminal;
    readonly ops: Readonly<Record<string, { readonly source?: { readonly identifier: string } }>>;
  };
}

/** These hold what only the golden gateway has: a file whose name is no path, gRPC's own words in a message. */
const gatewayOnly = new Set(['context/filename-path', 'subrequests/lint-image-missing-in-unused-stage']);

/** What only a daemon has: inputs, missing capabilities, other frontends, policies, files of remote sources. */
function needsDaemon(name: string): boolean {
  const { inputs, sources, forward, fail, disableCaps, workers } = readCase(name);
  const { solves } = readExpected(name) as unknown as Expected;
  return (
    gatewayOnly.has(name) ||
    [inputs, sources, forward, fail, disableCaps, workers].some((setting) => setting !== undefined) ||
    solves.some(({ frontend }) => frontend) ||
    solves.some(({ definition }) => /^(git|https?):/.test(rootSource(definition)))
  );
}

/** The source that a solve asks for as it is, '' if it is more than a source. */
function rootSource(definition: Solve['definition']): string {
  return definition?.ops[definition.terminal?.digest ?? '']?.source?.identifier ?? '';
}

function localsOf({ files }: GoldenCase): OfflineOptions['locals'] {
  const own = new Map<string, Map<string, Uint8Array>>([
    ['context', new Map()],
    ['dockerfile', new Map()],
  ]);
  for (const [name, body] of files) {
    const match = /^local:\/\/([^!]*)!(.*)$/.exec(name);
    if (!match && name.includes('!')) continue;
    const [, local, file] = match ?? [];
    const path = file ?? name;
    for (const tree of local === undefined ? ['context', 'dockerfile'] : [local]) {
      if (!own.has(tree)) own.set(tree, new Map());
      own.get(tree)!.set(path, Buffer.from(body));
    }
  }
  return new Map([...own].map(([name, tree]) => [name, memoryTree(tree)]));
}

/** The golden gateway's own way to choose. */
function configOf(image: GoldenCase['images'][string], platform: Platform | undefined): Uint8Array {
  const wanted = platform ? formatPlatform({ ...platform, osVersion: '', osFeatures: [] }) : 'linux/amd64';
  const short = wanted.split('/').slice(0, 2).join('/');
  const config = image.platforms[wanted] ?? image.platforms[short] ?? image.platforms['*'];
  if (!config) throw new Error(`no match for platform in manifest ${image.digest}: not found`);
  return new TextEncoder().encode(JSON.stringify(config));
}

function optionsOf(golden: GoldenCase): OfflineOptions {
  const images: ImageResolver = {
    async resolve(reference, platform) {
      const { digest, ...bare } = reference;
      const image =
        golden.images[formatReference(reference)] ?? golden.images[formatReference({ ...bare, digest: '' })];
      return image && { digest: image.digest, config: configOf(image, platform) };
    },
  };
  const layout = {
    folder: '',
    findTag: () => Promise.reject(new Error('not needed')),
    async image(digest: unknown, platform: Platform | undefined) {
      const image = Object.values(golden.images).find((other) => other.digest === digest);
      if (!image) throw new Error('not found');
      return { digest: image.digest, config: configOf(image, platform) };
    },
  };
  const stores = Object.values(golden.opts ?? {}).flatMap(
    (value) => /^oci-layout:(?:\/\/)?([^@]+)@/.exec(value)?.[1] ?? [],
  );
  const store = (spec: string) => {
    const [, name = spec] = /^(.*?)(?::[^/:]*)?$/.exec(spec) ?? [];
    return referenceName({ domain: '', path: name, tag: '', digest: '' });
  };
  return {
    opts: golden.opts ?? {},
    locals: localsOf(golden),
    images: [images],
    ociLayouts: new Map(stores.map((spec) => [store(spec), layout])),
    platform: parsePlatform('linux/amd64'),
    sessionId: 'conformance-session',
  };
}

/** Digests of all ops below a terminal, from the record of the solve that asked for it. */
function recordedOps({ solves }: Expected, terminal: Terminal | null | undefined): string[] {
  const solve = solves.find(({ definition }) => definition?.terminal?.digest === terminal?.digest);
  return Object.keys(solve?.definition?.ops ?? {}).sort();
}

const names = goldenNames().filter((name) => !needsDaemon(name));
const areas = Map.groupBy(names, (name) => name.split('/')[0]!);

for (const [area, cases] of areas) {
  describe(area, () => {
    it.each(cases)('%s', async (name) => {
      const expected = readExpected(name) as unknown as Expected;
      const run = compile(optionsOf(readCase(name)));
      if (expected.error) {
        await expect(run).rejects.toThrow(expected.error.message);
        return;
      }
      const { definitions, metadata } = await run;
      const refs = expected.result?.refs ?? { '': expected.result?.ref ?? null };
      expect([...definitions.keys()].sort()).toEqual(Object.keys(refs).sort());
      for (const [platform, definition] of definitions) {
        const terminal = refs[platform];
        expect(definition.head()).toBe(terminal?.digest ?? '');
        const digests = definition.ops().map(({ digest }) => digest);
        if (terminal) expect(digests.sort()).toEqual(recordedOps(expected, terminal));
      }
      const decode = ([key, value]: readonly [string, Uint8Array]) => [key, Buffer.from(value).toString()];
      expect(Object.fromEntries([...metadata].map(decode))).toEqual(expected.result?.metadata);
    });
  });
}

it('most cases are among these', () => {
  expect(names.length).toBeGreaterThan(700);
});
