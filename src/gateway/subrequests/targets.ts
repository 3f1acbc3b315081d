/** `frontend.targets`: the stages of a Dockerfile. */
import { toBase64 } from '../../go/base64.ts';
import { marshalJsonIndent } from '../../go/json-encode.ts';
import { firstError } from '../../parser/first-error.ts';
import type { Result } from '../bridge.ts';
import type { DockerfileSource } from '../dockerfile.ts';
import { placesJson } from '../error-status.ts';
import { targetsDefinition } from './definitions.ts';
import { textResult } from './result.ts';
import { alignTable } from './tabwriter.ts';

export async function listTargets({ parse, source }: DockerfileSource): Promise<Result> {
  const dockerfile = await parse();
  const error = firstError(dockerfile);
  if (error) throw error;
  const targets = dockerfile.stages.map(({ name, from }, index) => ({
    name,
    isDefault: index === dockerfile.stages.length - 1,
    description: from.docComment,
    base: from.image.text,
    platform: from.platform,
    lines: from.lines,
  }));
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
    sources: [toBase64(source.data)],
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
