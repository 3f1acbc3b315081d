/** `--attest`, `--provenance` and `--sbom`. */
import { UsageError } from '../../text/usage-error.ts';
import { attestationTable, checkAttributes } from './attributes.ts';
import type { BuildFlags } from './declare-build.ts';
import { parseBoolean, parseFields, shownValue } from './fields.ts';

/**
 * The frontend options `attest:TYPE`.
 * @throws UsageError for what no frontend takes, and for an attestation that is given twice
 */
export function attestations(flags: BuildFlags): Record<string, string> {
  const attrs: Record<string, string> = {};
  const seen = new Set<string>();
  const add = (flag: string, type: string, fields: Map<string, string | undefined>) => {
    const given = [...fields].filter(([key]) => key !== 'type').map(([key, value = '']) => [key, value] as const);
    checkAttributes(flag, attestationTable, type, given, flags.allowUnknown);
    if (seen.has(type))
      throw new UsageError(`the attestation ${type} is given twice: by --attest, --provenance or --sbom`);
    seen.add(type);
    const disabled = fields.get('disabled');
    if (fields.has('disabled') && (!disabled || parseBoolean(flag, disabled))) return;
    const rest = [...fields].filter(([key]) => key !== 'type' && key !== 'disabled');
    attrs[`attest:${type}`] = rest.map(([key, value = '']) => quoteField(`${key}=${value}`)).join(',');
  };
  for (const attest of flags.attest) {
    const fields = parseFields('--attest', attest, true);
    const type = fields.get('type') ?? [...fields].find(([, value]) => value === undefined)?.[0];
    if (!type)
      throw new UsageError(
        `attestation type not specified in ${JSON.stringify(attest)} of --attest: give type=sbom or type=provenance`,
      );
    fields.delete(type);
    add('--attest', type, fields);
  }
  for (const [type, value] of [
    ['provenance', flags.provenance],
    ['sbom', flags.sbom],
  ] as const) {
    if (value === undefined) continue;
    if (/^(0|1|t|f|true|false)$/i.test(value))
      add(`--${type}`, type, new Map(parseBoolean(`--${type}`, value) ? [] : [['disabled', 'true']]));
    else add(`--${type}`, type, requireValues(`--${type}`, value));
  }
  return attrs;
}

/** @throws UsageError for a field without a value, of which nothing would come */
function requireValues(flag: string, text: string): Map<string, string | undefined> {
  const fields = parseFields(flag, text, true);
  for (const [key, value] of fields)
    if (value === undefined)
      throw new UsageError(
        `invalid value ${shownValue(text)} for ${flag}: ${key} has no value: give true, false or KEY=VALUE`,
      );
  return fields;
}

function quoteField(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
