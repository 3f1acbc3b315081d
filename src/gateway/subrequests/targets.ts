/** `frontend.targets`: what can be built by name. */
import { toBase64 } from '../../go/base64.ts';
import { marshalJsonIndent } from '../../go/json-encode.ts';
import type { Result } from '../bridge.ts';
import type { BuildFile } from '../build-file.ts';
import { placesJson } from '../error-status.ts';
import { targetsDefinition } from './definitions.ts';
import { textResult } from './result.ts';
import { alignTable } from './tabwriter.ts';

/** Answers `frontend.targets`: the stages that can be built. */
export async function listTargets(file: BuildFile): Promise<Result> {
  const targets = await file.targets();
  const ranges = placesJson();
  const json = {
    targets:
      targets.length === 0
        ? null
        : targets.map(({ name, isDefault, description, base, platform, lines }) => ({
            name: name || undefined,
            default: isDefault || undefined,
            description: description || undefined,
            base: base || undefined,
            platform: platform || undefined,
            location: { ranges: ranges(lines) },
          })),
    sources: [toBase64(file.source.data)],
  };
  const rows = targets.map(({ name, isDefault, description }) => {
    const label = isDefault ? (name === '' ? '(default)' : `${name} (default)`) : name;
    return `${label}\t${description}\n`;
  });
  return textResult(targetsDefinition, {
    'result.json': marshalJsonIndent(json, '', '  '),
    'result.txt': alignTable(`TARGET\tDESCRIPTION\n${rows.join('')}`.toWellFormed(), 1),
  });
}
