/** Checks one Dockerfile of `tsfront check`, and applies fixes if they are asked for. */
import path from 'node:path';
import type { ArgWatch } from '../../daemonless/build-arg-use.ts';
import { type Checked, type CheckOptions, checkDockerfile } from '../../daemonless/check.ts';
import { type FixedDockerfile, fixDockerfile } from '../../daemonless/fix-dockerfile.ts';
import { withUnavailableHints } from '../../daemonless/unavailable-hint.ts';
import { withUnknownImages } from '../../daemonless/unknown-images.ts';
import { type Diagnostic, hasErrors } from '../../diagnostic/diagnostic.ts';
import { encodeText } from '../../go/text.ts';
import { readNamedFile } from '../../system/named-file.ts';
import { replaceFile } from '../../system/replace-file.ts';
import { UsageError } from '../../text/usage-error.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { type OpenedBuild, openBuild } from '../open-build.ts';
import type { SourceFlags } from '../options/daemonless-command.ts';
import type { SettingsOf } from '../options/lint-settings.ts';
import type { ShownPath } from '../shown-path.ts';
import { adviceInFlags } from '../unavailable-hint.ts';
import type { TargetToCheck } from './targets.ts';

/** What became of a target. */
export interface Outcome {
  /** The paths of files for people. */
  readonly shown: ShownPath;
  /** The path of the Dockerfile; '' if it is not a file on this machine. */
  readonly dockerfile: string;
  /** The directory of the context; undefined if it is not on this machine. */
  readonly contextDir: string | undefined;
  /** What was found; an error if the Dockerfile cannot be read. */
  readonly result: Checked | Error;
  /** Which fixes were applied. */
  readonly fixed: readonly Diagnostic[];
  /** The text of the Dockerfile before its fixes and afterwards; undefined if nothing was fixed. */
  readonly change: Pick<FixedDockerfile, 'before' | 'text'> | undefined;
}

/** How targets are checked. */
export interface CheckRequest {
  readonly flags: SourceFlags;
  readonly settingsOf: SettingsOf;
  readonly watch: ArgWatch;
  /** Whether fixes are applied, and which; undefined for none. */
  readonly fix: { readonly unsafe: boolean; readonly write: boolean } | undefined;
}

/** Maximum size in bytes of a file that is fixed. */
const maxBytes = 16 << 20;

/**
 * Checks a target. A problem of the Dockerfile is part of the outcome.
 * @throws UsageError for wrong options, and for a configuration with mistakes
 */
export async function checkTarget(target: TargetToCheck, request: CheckRequest, io: Io): Promise<Outcome> {
  const build = await open(target, request.flags, io);
  try {
    const images = request.flags.offline ? withUnknownImages(build.options) : build.options;
    const settings = await request.settingsOf(build.dockerfile === '' ? '.' : path.dirname(build.dockerfile));
    const options: CheckOptions = { ...images, lint: settings?.config };
    const outcome = {
      shown: build.shown,
      dockerfile: build.dockerfile,
      contextDir: build.dirs.get('context'),
    };
    try {
      const fixed = await untilAborted(run(options, build, request), io.signal);
      if (!hasErrors(fixed.checked.problems)) await build.keepImages();
      const change = fixed.text === fixed.before ? undefined : fixed;
      return { ...outcome, result: fixed.checked, fixed: fixed.fixed, change };
    } catch (error) {
      io.signal.throwIfAborted();
      if (error instanceof UsageError) throw error;
      const result = error instanceof Error ? error : new Error(String(error));
      return { ...outcome, result, fixed: [], change: undefined };
    }
  } finally {
    await build.close();
  }
}

/** Opens a context, or a Dockerfile on its own. */
async function open({ context, file, isPartial }: TargetToCheck, flags: SourceFlags, io: Io): Promise<OpenedBuild> {
  if (file === undefined) return openBuild(context, flags, io);
  const build = await openBuild(context, { ...flags, file }, io);
  const { locals } = build.options;
  const tree = locals.get('context');
  if (!tree || !isPartial) return build;
  const partial = new Map(locals).set('context', { ...tree, partial: true });
  return { ...build, options: { ...build.options, locals: partial } };
}

async function run(
  options: CheckOptions,
  { dockerfile }: OpenedBuild,
  { fix, watch }: CheckRequest,
): Promise<Pick<FixedDockerfile, 'checked' | 'before' | 'text' | 'fixed'>> {
  const frontend: Parameters<typeof checkDockerfile>[1] = async (bridge) =>
    withUnavailableHints(await watch.run(bridge, 'cannot'), adviceInFlags);
  if (!fix) {
    const checked = await checkDockerfile(options, frontend);
    return { checked, before: checked.source.text, text: checked.source.text, fixed: [] };
  }
  if (dockerfile === '') throw new UsageError('--fix takes Dockerfiles on this machine');
  const fixed = await fixDockerfile(options, fix, frontend);
  if (fix.write && fixed.text !== fixed.before) await write(dockerfile, fixed);
  return fixed;
}

/** Writes the fixed text, unless somebody else has written the file in the meantime. */
async function write(file: string, { before, text }: FixedDockerfile): Promise<void> {
  const now = await readNamedFile(file, maxBytes);
  if (!Buffer.from(now).equals(encodeText(before)))
    throw new Error(`${file} has changed while it was checked: nothing was fixed`);
  await replaceFile(file, encodeText(text));
}
