/** Reads back what `tsfront explain --format json` has written. */
import { aNumber, anything, aString, listOf, objectWith, type Validator, validator } from '../text/arguments.ts';
import type { Cause } from './cause.ts';
import type { Explanation } from './compare-builds.ts';

const outcomes = ['cached', 'runs', 'depends'];
const anOutcome = validator('cached, runs or depends', (value) => outcomes.includes(value as string));
const anyCause = objectWith({ kind: aString, name: aString, detail: aString });
/** What the causes of a kind have besides. */
const ownMembers: { readonly [Kind in Cause['kind']]?: Validator } = {
  variable: objectWith({ origin: validator('a place or its name', (value) => value !== undefined) }),
  variables: objectWith({ count: aNumber }),
  settings: objectWith({ setting: aString }),
};
const aCause: Validator = (value, name) => anyCause(value, name) ?? ownMembers[(value as Cause).kind]?.(value, name);
const aStep = objectWith({
  op: aString,
  text: aString,
  outcome: anOutcome,
  causes: listOf(aCause),
  followsFrom: listOf(aNumber),
  line: aNumber,
});
const anExplanation: Validator = objectWith({ version: anything, steps: listOf(aStep) });

/** @throws Error that says where the text is not an explanation of version 1 */
export function parseExplanation(json: string): Explanation {
  const document = JSON.parse(json) as Explanation;
  if (!Array.isArray((document as Partial<Explanation> | null)?.steps))
    throw new Error('it is not an explanation: `tsfront explain --format json` writes one');
  const wrong = anExplanation(document, 'it');
  if (wrong !== undefined) throw new Error(wrong);
  if (document.version !== 1)
    throw new Error(`its version is ${String(document.version)}; this tsfront reads version 1`);
  return document;
}
