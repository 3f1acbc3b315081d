/** A golden case as the options of an offline compilation. */
import type { DaemonlessOptions } from '../../src/daemonless/daemonless-bridge.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { formatPlatform, type Platform, parsePlatform } from '../../src/image/platform.ts';
import { formatReference, referenceName } from '../../src/image/reference.ts';
import type { ImageResolver } from '../../src/resolve/resolver.ts';
import type { GoldenCase } from '../golden/cases.ts';

function localsOf({ files }: GoldenCase): DaemonlessOptions['locals'] {
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

export function optionsOf(golden: GoldenCase): DaemonlessOptions {
  const images: ImageResolver = {
    async resolve(reference, platform) {
      const { digest, ...bare } = reference;
      const image =
        golden.images[formatReference(reference)] ?? golden.images[formatReference({ ...bare, digest: '' })];
      return image && { digest: image.digest, config: configOf(image, platform) };
    },
  };
  const layout = {
    dir: '',
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
