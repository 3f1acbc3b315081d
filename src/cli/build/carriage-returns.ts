/** Warnings about scripts whose lines end with CR LF, as far as they lie on this machine. */
import { folderTree } from '../../offline/file-tree.ts';
import type { BuildInputs } from './context.ts';

/** A warning for each such script, here-documents included: what the container will make of it. Never fails. */
export async function carriageReturnWarnings({
  localDirs,
  frontendAttrs,
}: Pick<BuildInputs, 'localDirs' | 'frontendAttrs'>): Promise<string[]> {
  const { context, dockerfile } = localDirs;
  const { filename = '' } = frontendAttrs;
  if (dockerfile === undefined) return [];
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
    return found.map(({ message, hint, locations }) => `${filename}:${locations[0]?.start}: ${message}. ${hint}`);
  } catch {
    return []; // the build itself says what cannot be read
  }
}
