/** Collects what a Dockerfile takes from outside: its variables expanded, for every stage and platform. */
import { buildArgsOf } from '../../gateway/options.ts';
import { runFrontend } from '../../gateway/run-frontend.ts';
import { type Platform, parsePlatform } from '../../image/platform.ts';
import { type ImageReference, parseNormalizedNamed, tagNameOnly, withDigest } from '../../image/reference.ts';
import { gitName, httpName, imageName, isCommit, type SourceKind } from '../../lock/source-name.ts';
import type { SourcePins } from '../../lock/source-pins.ts';
import { detectSyntax } from '../../parser/directives.ts';
import { hideValuesOf } from '../../text/hide-secrets.ts';
import { createOfflineBridge, type OfflineOptions } from '../offline-bridge.ts';

/** An image that the frontend has resolved, or will. */
interface WantedImage {
  readonly kind: 'image';
  /** With its tag. */
  readonly reference: ImageReference;
  /** The platform that it is resolved for. */
  readonly platform: Platform;
}

/** A file on the web. */
interface WantedFile {
  readonly kind: 'http';
  /** With the credentials that it may have. */
  readonly url: string;
}

/** A reference in a git repository. */
interface WantedCommit {
  readonly kind: 'git';
  /** The address, with the credentials that it may have. */
  readonly remote: string;
  /** Branch or tag; '' for the default branch. */
  readonly ref: string;
}

/** A source that a build takes from outside and that its Dockerfile does not pin. */
export type WantedSource = (WantedImage | WantedFile | WantedCommit) & {
  /** Its name in a lock. */
  readonly name: string;
  /** The platforms that need it. */
  readonly platforms: Set<string>;
};

/** Gives the pin of a source that is not to be resolved anew. */
export type KnownPin = (kind: SourceKind, name: string) => string | undefined;

/**
 * Runs the frontend for each platform, and records what it asks for. Images without a known pin are resolved on the
 * way, because their triggers and variables decide what else is taken.
 *
 * @param text the Dockerfile, for the frontend that it names
 * @param platforms the platforms to build for
 * @throws Error if the Dockerfile does not compile, with its place
 */
export async function collectSources(
  options: OfflineOptions,
  text: string,
  platforms: readonly string[],
  known: KnownPin,
): Promise<WantedSource[]> {
  const hide = hideValuesOf(buildArgsOf(options.opts));
  const wanted = new Map<string, WantedSource>();
  for (const platform of platforms) {
    const target = parsePlatform(platform);
    const want = (source: WantedImage | WantedFile | WantedCommit, name: string): string | undefined => {
      const key = `${source.kind} ${name}`;
      let found = wanted.get(key);
      if (!found) wanted.set(key, (found = { ...source, name, platforms: new Set() }));
      found.platforms.add(platform);
      return known(source.kind, name);
    };
    const pins: SourcePins = {
      isFrozen: false,
      image(reference) {
        if (reference.digest !== '') return reference;
        const pin = want({ kind: 'image', reference, platform: target }, imageName(reference, hide));
        return pin === undefined ? reference : withDigest(reference, pin);
      },
      http: (url) => want({ kind: 'http', url }, httpName(url, hide)) ?? '',
      git(remote, ref) {
        if (isCommit(ref)) return ref;
        return want({ kind: 'git', remote, ref }, gitName(remote, ref, hide)) ?? ref;
      },
    };
    const frontend = frontendOf(options, text);
    if (frontend) pins.image(frontend);
    const bridge = createOfflineBridge({ ...options, opts: { ...options.opts, platform } });
    await runFrontend(bridge, { otherFrontends: 'cannot', allStages: true, pins });
  }
  return [...wanted.values()];
}

/** The image of the frontend that the build names. */
function frontendOf({ opts }: OfflineOptions, text: string): ImageReference | undefined {
  const source = opts['build-arg:BUILDKIT_SYNTAX']?.trim().split(' ', 1)[0] ?? detectSyntax(text)?.value;
  try {
    return source === undefined ? undefined : tagNameOnly(parseNormalizedNamed(source));
  } catch {
    return undefined; // no name of an image: the build says so
  }
}
