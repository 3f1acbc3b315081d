/** Reads back what `tsfront explain --format json` has written. */
import { anything, fields, listOf, number, text, type Validator, validator } from '../text/arguments.ts';
import type { Explanation } from './compare-builds.ts';

const outcomes = ['cached', 'runs', 'depends'];
const outcome = validator('cached, runs or depends', (value) => outcomes.includes(value as string));
const cause = fields({ kind: text, name: text, detail: text });
const step = fields({ op: text, text, outcome, causes: listOf(cause), followsFrom: listOf(number), line: number });
const explanation: Validator = fields({ version: anything, steps: listOf(step) });

/** @throws Error that says where the text is not an explanation of version 1 */
export function parseExplanation(json: string): Explanation {
  const document = JSON.parse(json) as Explanation;
  if (!Array.isArray((document as Partial<Explanation> | null)?.steps))
    throw new Error('it is not an explanation: `tsfront explain --format json` writes one');
  const wrong = explanation(document, 'it');
  if (wrong !== undefined) throw new Error(wrong);
  if (document.version !== 1)
    throw new Error(`its version is ${String(document.version)}; this tsfront reads version 1`);
  return document;
}
