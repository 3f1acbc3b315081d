/** Hands a build over to another frontend, as `# syntax=` or the BUILDKIT_SYNTAX build argument ask for. */
import { diagnosticError } from '../diagnostic/diagnostic.ts';
import { decodeText } from '../go/text.ts';
import { trimSpace } from '../go/unicode.ts';
import { parseImageConfig } from '../image/config.ts';
import { formatReference, type ImageReference, parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import type { Definition } from '../llb/definition.ts';
import type { SourcePins } from '../lock/source-pins.ts';
import { lineRanges } from '../lower/source-location.ts';
import { detectSyntax } from '../parser/directives.ts';
import { isProgram } from '../program/program-file.ts';
import { wrapError } from '../text/error-message.ts';
import type { Bridge, Result } from './bridge.ts';
import { equalVersion, isEqualFrontend, isOwnFrontend, runsProgramsAlike } from './equal-frontends.ts';
import { hasRemoteLocation, SourceError } from './error-status.ts';
import type { Entrypoint } from './main-context.ts';
import { hasNamedContext } from './named-context.ts';
import type { FrontendOptions } from './options.ts';
import { describeSource } from './source-info.ts';

/** The build argument that chooses another frontend, before any `# syntax=`. */
export const syntaxArg = 'build-arg:BUILDKIT_SYNTAX';

/**
 * Which frontends named by a Dockerfile are run instead of this one:
 * - `all`, as the reference does and the frontend image must;
 * - `unequal`: all but those that behave exactly like this one (for a build program, our own), unless a named context
 *   replaces their image;
 * - `none`, if the user has chosen this frontend;
 * - `cannot`, if there is no daemon to run them: the user gets a warning.
 */
export type OtherFrontends = 'all' | 'unequal' | 'none' | 'cannot';

/** The other frontend's result; undefined when the build is ours. */
export async function forward(
  bridge: Bridge,
  options: FrontendOptions,
  entrypoint: Entrypoint,
  others: OtherFrontends,
): Promise<Result | undefined> {
  const { opts } = options;
  const isAlike = isProgram(entrypoint.filename, entrypoint.data) ? runsProgramsAlike : isEqualFrontend;
  const isEqual = (source: string) => isAlike(source) && !hasNamedContext(options, source);
  if (others === 'cannot') await warnOfOther(bridge, opts, entrypoint, isEqual);
  const isOurs = (source: string) =>
    others === 'none' || others === 'cannot' || (others === 'unequal' && isEqual(source));
  // Another frontend has passed the build on already.
  if (opts['cmdline'] !== undefined) return undefined;
  const argument = opts[syntaxArg];
  if (argument !== undefined) {
    const source = trimSpace(argument).split(' ', 1)[0]!;
    if (isOurs(source)) return undefined;
    return solveForwarded(bridge, options, source, argument).catch((error) => {
      throw hasRemoteLocation(error) ? error : wrapError(error, `failed with ${syntaxArg} = ${argument}`);
    });
  }
  const syntax = detectSyntax(decodeText(entrypoint.data));
  if (!syntax || isOurs(syntax.value)) return undefined;
  return solveForwarded(bridge, options, syntax.value, syntax.cmdline).catch((error) => {
    throw hasRemoteLocation(error) ? error : new SourceError(error, describeSource(entrypoint), [syntax.lines]);
  });
}

/** Says that a Dockerfile is read otherwise than it asks for. */
async function warnOfOther(
  bridge: Bridge,
  opts: FrontendOptions['opts'],
  entrypoint: Entrypoint,
  isEqual: (source: string) => boolean,
): Promise<void> {
  const argument = opts[syntaxArg];
  const syntax = argument === undefined ? detectSyntax(decodeText(entrypoint.data)) : undefined;
  const source = argument === undefined ? syntax?.value : trimSpace(argument).split(' ', 1)[0];
  if (!source || isEqual(source) || isOwnFrontend(source)) return;
  const { major, minor } = equalVersion;
  const finding = {
    code: 'OtherFrontend',
    message: `the frontend ${source} needs a daemon: the file is read as docker/dockerfile:${major}.${minor} reads it`,
  } as const;
  await bridge.warn('', {
    level: 1,
    short: `${finding.code}: ${finding.message}`,
    finding,
    detail: [],
    url: '',
    ...(syntax && { source: describeSource(entrypoint), ranges: lineRanges(syntax.lines) }),
  });
}

async function solveForwarded(
  bridge: Bridge,
  options: FrontendOptions,
  name: string,
  cmdline: string,
): Promise<Result> {
  const { opts } = options;
  const source = await pinnedFrontend(bridge, options, name);
  const inputs = bridge.options.frontendCapabilities.supports('frontend.inputs')
    ? await bridge.inputs().catch((error) => {
        throw wrapError(error, 'failed to get frontend inputs');
      })
    : new Map();
  const frontendInputs: Record<string, Definition> = Object.create(null);
  for (const [name, state] of inputs) frontendInputs[name] = state.marshal();
  return bridge.solve({ frontend: 'gateway.v0', frontendOpt: { ...opts, cmdline, source }, frontendInputs });
}

/**
 * The image of a frontend, with the digest that a lock gives it.
 * @throws DiagnosticError if every source has to be pinned, for a frontend that would take what it likes
 */
async function pinnedFrontend(bridge: Bridge, options: FrontendOptions, source: string): Promise<string> {
  const { pins } = options;
  if (!pins || hasNamedContext(options, source)) return source;
  const reference = tagNameOnly(parseNormalizedNamed(source));
  if (pins.isFrozen && !isOwnFrontend(source) && !(await readsLocks(bridge, pinIfLocked(pins, reference))))
    throw diagnosticError(
      'unlocked-source',
      `the frontend ${source} does not read the lock of a Dockerfile: frozen builds are tsfront's`,
      {
        hint: 'Remove the syntax line, name an image of tsfront in it, or use the policy that `tsfront lock --policy` writes.',
      },
    );
  return formatReference(pins.image(reference));
}

function pinIfLocked(pins: SourcePins, reference: ImageReference): ImageReference {
  try {
    return pins.image(reference);
  } catch {
    return reference;
  }
}

/** What the label of an image says of a frontend that reads locks, among its other capabilities. */
const lockCapability = 'tsfront.lock';

/** Whether an image is tsfront's under whatever name: its labels say what it can do. */
async function readsLocks(bridge: Bridge, reference: ImageReference): Promise<boolean> {
  const name = formatReference(reference);
  try {
    const { config } = await bridge.resolveImageConfig(name, { logName: `[internal] load metadata for ${name}` });
    const labels = parseImageConfig(config).config?.labels;
    return labels?.get('moby.buildkit.frontend.caps')?.split(',').includes(lockCapability) ?? false;
  } catch {
    return false; // the error about the frontend says what to do
  }
}
