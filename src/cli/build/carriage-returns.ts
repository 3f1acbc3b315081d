/** Warnings about scripts whose lines end with CR LF, as far as they lie on this machine. */
import { folderTree } from '../../offline/file-tree.ts';
import type { Io } from '../io.ts';
import type { BuildInputs } from './context.ts';
import { warn } from './report.ts';

/** Says of each such script, here-documents included, what the container will make of it. Never fails. */
export async function warnOfCarriageReturns(
  { localDirs, frontendAttrs }: Pick<BuildInputs, 'localDirs' | 'frontendAttrs'>,
  io: Io,
): Promise<void> {
  const { context, dockerfile } = localDirs;
  const { filename = '' } = frontendAttrs;
  if (dockerfile === undefined) return;
  try {
    const folder = folderTree(dockerfile);
    const [{ decodeText, parseDockerfile }, { findOddities }] = await Promise.all([
      import('../../parser/index.ts'),
      import('../../check/oddities.ts'),
    ]);
    const parsed = parseDockerfile(decodeText(await folder.readFile(filename)), { filename });
    const found = findOddities(parsed).filter(({ code }) => code === 'CarriageReturn');
    if (context !== undefined) {
      const { findCrlfScripts } = await import('../../offline/carriage-returns.ts');
      const { findIgnoreFile } = await import('../../offline/missing-source-hint.ts');
      const tree = folderTree(context);
      found.push(...(await findCrlfScripts(parsed, tree, await findIgnoreFile(tree, folder, filename))));
    }
    for (const { message, hint, locations } of found)
      warn(`${filename}:${locations[0]?.start}: ${message}. ${hint}`, io);
  } catch {
    // the build itself says what cannot be read
  }
}
