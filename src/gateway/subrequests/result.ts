import { encodeText } from '../../go/text.ts';
import type { Result } from '../bridge.ts';
import type { SubrequestDefinition } from './definitions.ts';

/** A result that has no reference, only texts. */
export function textResult({ version }: SubrequestDefinition, texts: Readonly<Record<string, string>>): Result {
  const entries = Object.entries({ ...texts, version });
  return { metadata: new Map(entries.map(([key, text]) => [key, encodeText(text)])) };
}
