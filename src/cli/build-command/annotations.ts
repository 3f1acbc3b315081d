/** `--annotation`. */
import { splitAtFirst } from '../../go/split-at-first.ts';
import { formatPlatform, parsePlatform } from '../../image/platform.ts';
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';
import { flagValue } from '../options/flag-value.ts';

const annotated = ['index', 'index-descriptor', 'manifest', 'manifest-descriptor'];

/**
 * `[TYPE[PLATFORM],…:]KEY=VALUE` as exporter attributes; the manifest's if there is no type.
 * @throws UsageError for an unknown type, and for an annotation without a value
 */
export function parseAnnotations(annotations: readonly string[]): Record<string, string> {
  return Object.fromEntries(annotations.filter((it) => it !== '').flatMap(parseAnnotation));
}

function parseAnnotation(annotation: string): [string, string][] {
  const [name, value] = splitAtFirst(annotation, '=');
  if (value === undefined)
    throw new UsageError(`--annotation: invalid annotation ${JSON.stringify(annotation)}, expected key=value`);
  const [, types, key] = /^([^:]*):(.*)$/s.exec(name) ?? [];
  if (types === undefined) return [[`annotation.${name}`, value]];
  return types.split(',').map((type) => [`annotation-${annotatedPart(type, annotation)}.${key}`, value]);
}

/** The part of the image that `TYPE[PLATFORM]` names. */
function annotatedPart(text: string, annotation: string): string {
  const [, type = '', platform] = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/.exec(text) ?? [];
  if (!type)
    throw new UsageError(
      `--annotation ${annotation}: invalid annotation type ${JSON.stringify(text)}, expected type and optional platform in square brackets`,
    );
  if (!annotated.includes(type))
    throw new UsageError(
      `--annotation ${annotation}: unknown annotation type ${JSON.stringify(type)}${didYouMean(type, annotated, false)}: known are ${annotated.join(', ')}`,
    );
  if (!platform || !type.startsWith('manifest')) return type;
  return `${type}[${formatPlatform(flagValue('--annotation', annotation, () => parsePlatform(platform)))}]`;
}
