/** Instructions as a report about files names them. */
import { decodeText } from '../go/text.ts';
import type { Definition } from '../llb/definition.ts';
import { hideSecretsOfAll } from '../llb/definition-secrets.ts';
import type { OpPlace, TakenPath } from '../offline/taken-paths.ts';
import { type HideSecrets, hidingAddresses } from '../text/hide-secrets.ts';

/** Maximum number of characters. */
const maxLength = 200;

const secretsOfDefinition = new WeakMap<Definition, HideSecrets>();

/** Hides the secrets of a definition, and credentials, in texts about it. */
export function hideIn(definition: Definition): HideSecrets {
  let hide = secretsOfDefinition.get(definition);
  if (!hide) secretsOfDefinition.set(definition, (hide = hidingAddresses(hideSecretsOfAll([definition]))));
  return hide;
}

const linesOfDefinition = new WeakMap<Definition, Map<string, readonly string[]>>();

/**
 * The text of an instruction: of COPY, ADD and FROM what stands in the Dockerfile, without here-documents; of RUN only
 * that it has a mount, since its command may be long and contain secrets.
 */
export function instructionText(definition: Definition, { filename, lines }: OpPlace, kind: TakenPath['kind']): string {
  const all = linesOf(definition, filename);
  const joined: string[] = [];
  for (let i = lines.start - 1; i < lines.end && i < all.length; i++) {
    const line = all[i]!.trim();
    if (joined.length > 0 && line.startsWith('#')) continue;
    const isContinued = /[\\`]$/.test(line);
    joined.push(isContinued ? line.slice(0, -1).trimEnd() : line);
    if (!isContinued) break;
  }
  const text = joined.join(' ');
  if (/^(?:copy|add|from)\b/i.test(text)) return shortened(hideIn(definition)(text));
  return kind === 'mount' ? 'RUN --mount=type=bind' : '';
}

function linesOf(definition: Definition, filename: string): readonly string[] {
  let files = linesOfDefinition.get(definition);
  if (!files) linesOfDefinition.set(definition, (files = new Map()));
  let lines = files.get(filename);
  if (!lines) {
    const info = definition.source?.infos.find((it) => it.filename === filename);
    files.set(filename, (lines = info ? decodeText(info.data).split('\n') : []));
  }
  return lines;
}

const shortened = (text: string) => (text.length > maxLength ? `${text.slice(0, maxLength)}…` : text);
