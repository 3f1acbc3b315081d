/** Collects what a Dockerfile takes from outside: its variables expanded, for every stage and platform. */
import { type Diagnostic, DiagnosticError, findDiagnosticError, setLocation } from '../../diagnostic/diagnostic.ts';
import { SourceError } from '../../gateway/error-status.ts';
import { defaultDockerfileName } from '../../gateway/frontend-files.ts';
import { buildArgsOf } from '../../gateway/options.ts';
import { runFrontend } from '../../gateway/run-frontend.ts';
import { describeSource } from '../../gateway/source-info.ts';
import { encodeText } from '../../go/text.ts';
import { type Platform, parsePlatform } from '../../image/platform.ts';
import { type ImageReference, parseNormalizedNamed, tagNameOnly, withDigest } from '../../image/reference.ts';
import { Definition } from '../../llb/definition.ts';
import { gitName, httpName, imageName, isCommit, type SourceKind } from '../../lock/source-name.ts';
import type { SourcePins } from '../../lock/source-pins.ts';
import { detectSyntax } from '../../parser/directives.ts';
import { findCause } from '../../text/causes.ts';
import { hideValuesOf } from '../../text/hide-secrets.ts';
import { createDaemonlessBridge, type DaemonlessOptions } from '../daemonless-bridge.ts';

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

/** What a build takes from outside. */
interface CollectedSources {
  readonly sources: readonly WantedSource[];
  /** As of {@link DaemonlessBridge.unknownImages}: what they bring with them is missing here. */
  readonly unknownImages: ReadonlySet<string>;
}

/** Gives the pin of a source that is not to be resolved anew. */
export type KnownPin = (kind: SourceKind, name: string) => string | undefined;

/**
 * Runs the frontend for each platform, and records what it asks for. Images without a known pin are resolved on the
 * way, because their triggers and variables decide what else is taken.
 *
 * @param text the Dockerfile, for the frontend that it names
 * @param platforms the platforms to build for
 * @throws Error if the Dockerfile does not compile, with its place: the problems of all platforms
 */
export async function collectSources(
  options: DaemonlessOptions,
  text: string,
  platforms: readonly string[],
  known: KnownPin,
): Promise<CollectedSources> {
  const hide = hideValuesOf(buildArgsOf(options.opts));
  const wanted = new Map<string, WantedSource>();
  const frontend = frontendOf(options, text);
  const unknownImages = new Set<string>();
  const errors: unknown[] = [];
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
    try {
      if (frontend) pins.image(frontend.image);
    } catch (error) {
      errors.push(frontend!.located(error));
    }
    const bridge = createDaemonlessBridge({ ...options, opts: { ...options.opts, platform } });
    try {
      await runFrontend(bridge, { otherFrontends: 'cannot', allStages: true, pins });
    } catch (error) {
      options.signal?.throwIfAborted();
      errors.push(error);
    }
    for (const image of bridge.unknownImages) unknownImages.add(image);
  }
  if (errors.length > 0) throw joined(errors);
  return { sources: [...wanted.values()], unknownImages };
}

/** The image of the frontend that the build names. */
function frontendOf({ opts }: DaemonlessOptions, text: string) {
  const argument = opts['build-arg:BUILDKIT_SYNTAX']?.trim().split(' ', 1)[0];
  const directive = argument === undefined ? detectSyntax(text) : undefined;
  const source = argument ?? directive?.value;
  /** An error about the image, with the place where it is named. */
  const located = (error: unknown): unknown => {
    if (!directive) return error;
    const filename = opts['filename'] ?? defaultDockerfileName;
    const file = describeSource({ filename, data: encodeText(text), definition: new Definition() });
    return new SourceError(setLocation(error, directive.lines), file, [directive.lines]);
  };
  try {
    return source === undefined ? undefined : { image: tagNameOnly(parseNormalizedNamed(source)), located };
  } catch {
    return undefined; // no name of an image: the build says so
  }
}

/** One error with the problems of all errors; the first error that is not about the Dockerfile, if there is one. */
function joined(errors: readonly unknown[]): unknown {
  const found = errors.map(findDiagnosticError);
  const other = found.indexOf(undefined);
  if (errors.length === 1 || other >= 0) return errors[Math.max(0, other)];
  const all = new Map<string, Diagnostic>();
  for (const error of found)
    for (const it of error!.diagnostics) all.set(JSON.stringify([it.code, it.message, it.lines]), it);
  const [first, ...others] = all.values();
  const source = errors.map(sourceOf).find((it) => it !== undefined);
  const error = new DiagnosticError([first!, ...others], { cause: found[0] });
  return source ? new SourceError(error, source, first!.lines) : error;
}

/** The file that an error is about. */
function sourceOf(error: unknown): SourceError['source'] | undefined {
  return findCause(error, SourceError)?.source;
}
