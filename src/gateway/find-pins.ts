/** The pins of a build: those of the lock file beside the Dockerfile, if the build asks for them. */
import { base } from '../go/path.ts';
import { decodeText } from '../go/text.ts';
import { lockBuildArg, lockMode } from '../lock/lock-mode.ts';
import type { SourcePins } from '../lock/source-pins.ts';
import { withSource } from './error-status.ts';
import { lockFileName } from './frontend-files.ts';
import type { BuildContext, Entrypoint } from './main-context.ts';
import type { FrontendOptions } from './options.ts';
import { describeSource } from './source-info.ts';

/** Bytes of a Dockerfile in which the directive is looked for. */
const headBytes = 4096;

/**
 * Finds out whether the build uses a lock, and reads it.
 * @throws DiagnosticError `bad-lock-mode`, `bad-lock-file`
 */
export async function findPins(
  { opts, buildArgs }: FrontendOptions,
  context: BuildContext,
  entrypoint: Entrypoint,
): Promise<SourcePins | undefined> {
  try {
    const mode = lockMode(opts[`build-arg:${lockBuildArg}`], headOf(entrypoint.data));
    if (mode === 'off') return undefined;
    const [{ readLock }, { pinsOf }] = await Promise.all([
      import('../lock/lock-file.ts'),
      import('../lock/pins-of-lock.ts'),
    ]);
    const path = lockFileName(entrypoint.filename);
    const name = base(path);
    const data = (await context.readBeside([name])).get(name);
    return pinsOf(data && readLock(decodeText(data), path), { isFrozen: mode === 'frozen', filename: name, buildArgs });
  } catch (error) {
    throw withSource(error, describeSource(entrypoint));
  }
}

/** The first lines, all of them whole. */
function headOf(data: Uint8Array): string {
  const text = decodeText(data.subarray(0, headBytes));
  return data.length > headBytes ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
}
