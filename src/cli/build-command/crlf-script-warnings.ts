/** Warnings about scripts whose lines end with CR LF, as far as they lie on this machine. */
import { dirTree } from '../../daemonless/file-tree.ts';
import type { BuildInputs } from './build-inputs.ts';

/**
 * Returns a warning for each such script, including here-documents, that says how it fails in a container. Never
 * rejects.
 */
export async function carriageReturnWarnings({
  localDirs,
  frontendAttrs,
}: Pick<BuildInputs, 'localDirs' | 'frontendAttrs'>): Promise<string[]> {
  const { context, dockerfile } = localDirs;
  const { filename = '' } = frontendAttrs;
  if (dockerfile === undefined) return [];
  try {
    const dir = dirTree(dockerfile);
    const [{ decodeText, parseDockerfile }, { findAdvice }] = await Promise.all([
      import('../../parser/index.ts'),
      import('../../lint/advice.ts'),
    ]);
    const parsed = parseDockerfile(decodeText(await dir.readFile(filename)), { filename });
    const found = findAdvice(parsed).filter(({ code }) => code === 'CarriageReturn');
    if (context !== undefined) {
      const { findCrlfScripts } = await import('../../daemonless/find-crlf-scripts.ts');
      const { findIgnoreFile } = await import('../../daemonless/missing-source-hint.ts');
      const tree = dirTree(context);
      found.push(...(await findCrlfScripts(parsed, tree, await findIgnoreFile(tree, dir, filename))));
    }
    return found.map(({ message, hint, lines }) => `${filename}:${lines[0]?.start}: ${message}. ${hint}`);
  } catch {
    return []; // the build itself says what cannot be read
  }
}
