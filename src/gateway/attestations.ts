/** The options that ask for attestations: `attest:<type>` and `build-arg:BUILDKIT_ATTEST_<TYPE>`. */
import { parseCsvFields } from '../go/csv.ts';
import { quote } from '../go/quote.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { toLower } from '../go/unicode.ts';
import { wrapErrors } from '../text/error-message.ts';

const defaults: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['sbom', ['generator', 'docker/buildkit-syft-scanner:stable-1']],
  ['provenance', ['version', 'v1']],
]);

/** Attributes by attestation type; a type that is not known is an error. */
export function parseAttestations(opts: Readonly<Record<string, string>>): Map<string, Map<string, string>> {
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(opts)) {
    const type = /^(?:attest:|build-arg:BUILDKIT_ATTEST_)(.*)$/s.exec(key)?.[1];
    if (type !== undefined) values.set(toLower(type), value);
  }
  const attestations = new Map([...values].map(([type, value]) => [type, parseAttributes(type, value)]));
  for (const type of attestations.keys())
    if (!defaults.has(type)) throw new Error(`unknown attestation type ${quote(type)}`);
  return attestations;
}

function parseAttributes(type: string, value: string): Map<string, string> {
  const given = defaults.get(type);
  const attributes = new Map(given ? [given] : []);
  if (value === '') return attributes;
  for (const field of wrapErrors(`failed to parse ${type}`, () => parseCsvFields(value))) {
    const [name, attribute = ''] = splitAtFirst(field, '=');
    attributes.set(name, attribute);
  }
  return attributes;
}
