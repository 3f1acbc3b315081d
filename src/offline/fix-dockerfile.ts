/** Applies the fixes of what a check finds, and checks again until nothing changes. */
import { countErrors, type Diagnostic } from '../diagnostic/diagnostic.ts';
import { encodeText } from '../go/text.ts';
import { applyFixes } from '../lint/apply-fixes.ts';
import { type Checked, type CheckOptions, checkDockerfile } from './check.ts';
import { type Frontend, readHere } from './compile.ts';
import type { FileTree } from './file-tree.ts';

/** A Dockerfile after its fixes. */
export interface FixedDockerfile {
  /** What a check finds afterwards. */
  readonly checked: Checked;
  /** The text before. */
  readonly before: string;
  /** The text afterwards; equal to `before` if nothing was fixed. */
  readonly text: string;
  /** The problems that were fixed, in the order in which they were. */
  readonly fixed: readonly Diagnostic[];
}

/** A fix may make room for others, but not for ever. */
const maxRounds = 20;

/**
 * Checks a Dockerfile and applies the fixes in memory; nothing is written. Further rounds apply the fixes that
 * overlapped, and those of what only a check of the fixed text finds. A round that would leave the file with more
 * errors is undone.
 *
 * @param fixes.unsafe whether fixes count that may change what is built; false by default
 * @param unknownImages as of `checkDockerfile`
 * @param frontend as of `checkDockerfile`
 * @throws Error if the Dockerfile cannot be read
 */
export async function fixDockerfile(
  options: CheckOptions,
  fixes: { readonly unsafe?: boolean } = {},
  unknownImages: ReadonlySet<string> = new Set(),
  frontend: Frontend = readHere,
): Promise<FixedDockerfile> {
  let checked = await checkDockerfile(options, unknownImages, frontend);
  const before = checked.source.text;
  const fixed: Diagnostic[] = [];
  for (let round = 0; round < maxRounds; round++) {
    const next = applyFixes(checked.source.text, checked.problems, fixes);
    if (next.fixed.length === 0 || next.text === checked.source.text) break;
    const after = await checkDockerfile(withText(options, checked.source.filename, next.text), unknownImages, frontend);
    if (countErrors(after.problems) > countErrors(checked.problems)) break;
    fixed.push(...next.fixed);
    checked = after;
  }
  return { checked, before, text: checked.source.text, fixed };
}

/** The options with another text of the Dockerfile. */
function withText(options: CheckOptions, filename: string, text: string): CheckOptions {
  const tree = options.locals.get('dockerfile');
  if (!tree) return options;
  const content = encodeText(text);
  const isDockerfile = (asked: string) => asked.replace(/^\/+/, '') === filename;
  const changed: FileTree = {
    ...tree,
    readFile: async (asked) => (isDockerfile(asked) ? content : tree.readFile(asked)),
    stat: async (asked) => {
      const found = await tree.stat(asked);
      return isDockerfile(asked) ? { ...found, size: BigInt(content.length) } : found;
    },
  };
  return { ...options, locals: new Map(options.locals).set('dockerfile', changed) };
}
