/** The gateway API in a browser: one file, base images from a small table, and nothing is built. */
import type { Bridge } from '../../src/gateway/bridge.ts';
import { allCapabilities, frontendCapabilities, llbCapabilities } from '../../src/gateway/capabilities.ts';
import { encodeText } from '../../src/go/text.ts';
import type { Platform } from '../../src/image/platform.ts';
import { familiarString, parseNormalizedNamed } from '../../src/image/reference.ts';
import { Definition } from '../../src/llb/definition.ts';
import { imageConfig } from './images.ts';

const platform: Platform = { os: 'linux', architecture: 'amd64', variant: '', osVersion: '', osFeatures: [] };

/** A bridge for one run of the frontend. */
export interface PlaygroundBridge extends Bridge {
  /** The definition that was solved under an id. */
  definition(id: string | undefined): Definition;
}

/**
 * Makes a bridge.
 *
 * @param unknownImages images that the table does not have are added to it; they are empty
 */
export function createBridge(
  dockerfile: string,
  opts: Readonly<Record<string, string>>,
  unknownImages: Set<string>,
): PlaygroundBridge {
  const solved: Definition[] = [];
  const noFile = (what: string, path: string) =>
    Promise.reject(new Error(`${what} ${path}: no such file or directory`));
  return {
    options: {
      opts: { cmdline: 'tsfront', ...opts },
      sessionId: 'playground',
      product: 'tsfront',
      workers: [{ id: 'browser', platforms: [platform] }],
      frontendCapabilities: allCapabilities(frontendCapabilities),
      llbCapabilities: allCapabilities(llbCapabilities),
    },
    async solve({ definition }) {
      if (!definition || definition.def.length === 0) return { metadata: new Map() };
      return { ref: { id: String(solved.push(definition) - 1) }, metadata: new Map() };
    },
    readFile: (_, path, range) => {
      if (path.replace(/^\/+/, '') !== 'Dockerfile') return noFile('open', path);
      const data = encodeText(dockerfile);
      return Promise.resolve(range ? data.subarray(range.offset, range.offset + range.length) : data);
    },
    readDir: (_, path) => noFile('open', path),
    statFile: (_, path) => noFile('lstat', path),
    async resolveImageConfig(ref, { platform: wanted = platform }) {
      const name = familiarString(parseNormalizedNamed(ref));
      const known = imageConfig(name);
      if (!known) unknownImages.add(name);
      const { os, architecture, variant } = wanted;
      const rootfs = { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] };
      const config = { os, architecture, ...(variant && { variant }), rootfs, config: known ?? {} };
      return { ref, digest: '', config: encodeText(JSON.stringify(config)), unknown: known === undefined };
    },
    resolveSourceMetadata: async (source) => ({ source }),
    async evaluate() {},
    async warn() {},
    inputs: async () => new Map(),
    definition: (id) => (id === undefined ? undefined : solved[Number(id)]) ?? new Definition(),
  };
}
