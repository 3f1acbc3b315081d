/**
 * Checks the attributes of outputs (`client/exporter-table.ts`), caches (`client/cache-table.ts`) and attestations. A
 * daemon ignores unknown attributes, so attributes that are in no table are refused here. `--allow-unknown` passes them
 * on, for daemons newer than these tables.
 */
import { type AttributeForm, type AttributeTable, exporterTable } from '../../client/exporter-table.ts';
import { parseDuration } from '../../go/duration.ts';
import { isBool } from '../../go/strconv.ts';
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';

/** The attributes of each type. */
type Kinds = Readonly<Record<string, AttributeTable>>;

/** Types of `--output`. */
export const outputTable: Kinds = exporterTable;

/** Types of `--attest`. The attributes for an SBOM generator have any names: they become its environment. */
export const attestationTable: Kinds = {
  sbom: { attributes: { generator: 'text', disabled: 'flag' }, prefixes: /^/ },
  provenance: {
    attributes: {
      mode: ['min', 'max', 'full'],
      version: ['v0.2', 'v1'],
      'inline-only': 'boolean',
      reproducible: 'boolean',
      'builder-id': 'text',
      filename: 'text',
      'capture-usage': 'boolean',
      'complete-materials': 'boolean',
      disabled: 'flag',
    },
  },
};

/** The part of a flag's value that an error may quote: secrets are removed. */
export function flagWithoutSecrets(text: string): string {
  return text.replace(/\b(token|ghtoken|access_key_id|secret_access_key|session_token)=[^,"]*/gi, '$1=***');
}

/** Whether a name is in any of the tables of a flag. */
export function isAttribute(kinds: Kinds, name: string): boolean {
  return name === 'type' || Object.values(kinds).some(({ attributes }) => Object.hasOwn(attributes, name));
}

/**
 * @param allowUnknown whether unknown types and attributes are passed on
 * @throws UsageError for an attribute that is unknown, is set in another way, has an invalid value, or is missing
 */
export function checkAttributes(
  flag: string,
  kinds: Kinds,
  type: string,
  attributes: Iterable<readonly [string, string]>,
  allowUnknown = false,
): void {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind) {
    if (allowUnknown) return;
    const types = Object.keys(kinds);
    throw new UsageError(
      `${flag}: unknown type ${JSON.stringify(type)}${didYouMean(type, types, false)}: known are ${types.join(', ')} (${allowUnknownHint})`,
    );
  }
  const given = new Map(attributes);
  for (const [name, value] of given) {
    const misplaced = [`${name}=${value}`, name].find((it) => Object.hasOwn(kind.instead ?? {}, it));
    const form = Object.hasOwn(kind.attributes, name) ? kind.attributes[name] : undefined;
    if (misplaced !== undefined && !(form && isValidValue(form, value)))
      throw new UsageError(`${flag} type=${type} takes no ${misplaced}: ${kind.instead?.[misplaced]}`);
    if (!form) {
      const misspelled = didYouMean(name, Object.keys(kind.attributes), false) !== '';
      if (allowUnknown || (kind.prefixes?.test(name) && !misspelled)) continue;
      throw new UsageError(unknownAttribute(flag, kinds, type, name));
    }
    if (!isValidValue(form, value))
      throw new UsageError(`${flag} type=${type}: ${name} is ${JSON.stringify(value)}, expected ${describeForm(form)}`);
  }
  const [needed, holds] = kind.needs ?? [];
  if (needed !== undefined && !given.get(needed))
    throw new UsageError(`${flag} type=${type} requires ${needed}: give ${needed}=${holds}`);
}

const allowUnknownHint = '--allow-unknown passes it to the daemon unchanged';

function unknownAttribute(flag: string, kinds: Kinds, type: string, name: string): string {
  const known = Object.keys(kinds[type]!.attributes).sort();
  const owners = Object.keys(kinds).filter((other) => Object.hasOwn(kinds[other]!.attributes, name));
  const suggestion = didYouMean(name, known, false);
  const where =
    suggestion === '' && owners.length > 0 ? ` (it is one of type=${owners.join(' and type=')})` : suggestion;
  const list = known.length > 0 ? `known are ${known.join(', ')}` : 'it has none';
  return `${flag} type=${type}: unknown attribute ${JSON.stringify(name)}${where}: ${list} (${allowUnknownHint})`;
}

function isValidValue(form: AttributeForm, value: string): boolean {
  switch (form) {
    case 'text':
      return true;
    case 'boolean':
      return isBool(value);
    case 'flag':
      return value === '' || isBool(value);
    case 'integer':
      return integer.test(value);
    case 'epoch':
      return value === '' || integer.test(value);
    case 'duration':
      return isDuration(value);
    default:
      return form.includes(value);
  }
}

const integer = /^[+-]?\d+$/;

function isDuration(value: string): boolean {
  try {
    parseDuration(value);
    return true;
  } catch {
    return false;
  }
}

function describeForm(form: AttributeForm): string {
  switch (form) {
    case 'boolean':
    case 'flag':
      return 'true or false';
    case 'integer':
      return 'a whole number';
    case 'epoch':
      return 'seconds since 1970';
    case 'duration':
      return 'a duration such as 10m';
    case 'text':
      return 'text';
    default:
      return form.join(' or ');
  }
}
