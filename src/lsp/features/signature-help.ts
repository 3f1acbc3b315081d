/** The forms of the instruction that is being written. */
import type { SignatureHelp } from 'vscode-languageserver/node';
import { instructionTexts } from '../language/instructions.ts';
import { type DocumentSession, instructionAt } from '../session.ts';

/** The forms at an offset, and the part that is being written; undefined outside of the arguments. */
export function signatureHelp(session: DocumentSession, offset: number): SignatureHelp | undefined {
  const { document } = session;
  // Blanks after the last word are not a part of the instruction.
  const line = document.text.slice(document.text.lastIndexOf('\n', offset - 1) + 1, offset);
  const at = instructionAt(document, offset - (line.length - line.trimEnd().length));
  if (!at || offset <= at.instruction.keywordRange.end) return undefined;
  const known = instructionTexts[at.name];
  if (!known) return undefined;
  const typed = document.text.slice(at.instruction.keywordRange.end, offset);
  const words = typed.trimStart().split(/\s+/);
  const isJson = /^\s*(?:--\S+\s+)*\[/.test(typed);
  const active = known.forms.findIndex((form) => form.includes('["') === isJson);
  const flags = words.filter((word) => word.startsWith('--')).length;
  const isInFlags = words.at(-1)?.startsWith('--') === true;
  return {
    signatures: known.forms.map((form) => {
      const parts = [...form.matchAll(/\S+/g)].slice(1);
      const hasFlags = form.includes('[--');
      const position = isInFlags ? 0 : words.length - 1 - flags + Number(hasFlags);
      return {
        label: form,
        documentation: known.summary,
        parameters: parts.map((part): { label: [number, number] } => ({
          label: [part.index, part.index + part[0].length],
        })),
        activeParameter: Math.max(0, Math.min(position, parts.length - 1)),
      };
    }),
    activeSignature: Math.max(0, active),
  };
}
