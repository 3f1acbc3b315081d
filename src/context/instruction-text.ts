/** Instructions as a report about files names them. */
import type { OpPlace, TakenPath } from '../daemonless/taken-paths.ts';
import type { Definition } from '../llb/definition.ts';
import type { HideSecrets } from '../text/hide-secrets.ts';
import { sourceLines } from './source-lines.ts';

/** Maximum number of characters. */
const maxLength = 200;

/**
 * The text of an instruction: of COPY, ADD and FROM what stands in the Dockerfile, without here-documents; of RUN only
 * that it has a mount, since its command may be long and contain secrets.
 *
 * @param hide hides secrets and credentials
 */
export function instructionText(
  definition: Definition,
  { filename, lines }: OpPlace,
  kind: TakenPath['kind'],
  hide: HideSecrets,
): string {
  const { lines: all, escapeToken } = sourceLines(definition, filename);
  const joined: string[] = [];
  for (let i = lines.start - 1; i < lines.end && i < all.length; i++) {
    const line = all[i]!.trim();
    if (joined.length > 0 && line.startsWith('#')) continue;
    const isContinued = line.endsWith(escapeToken);
    joined.push(isContinued ? line.slice(0, -1).trimEnd() : line);
    if (!isContinued) break;
  }
  const text = joined.join(' ');
  if (/^(?:copy|add|from)\b/i.test(text)) return shortened(hide(text));
  return kind === 'mount' ? 'RUN --mount=type=bind' : '';
}

const shortened = (text: string) => (text.length > maxLength ? `${text.slice(0, maxLength)}…` : text);
