/** `frontend.subrequests.describe`: which subrequests there are. */
import { marshalJsonIndent } from '../../go/json-encode.ts';
import type { Result } from '../bridge.ts';
import { describeDefinition, outlineDefinition, type SubrequestDefinition, targetsDefinition } from './definitions.ts';
import { textResult } from './result.ts';
import { alignTable } from './tabwriter.ts';

// The reference knows lint and convertllb too, but does not list them.
const listed = [outlineDefinition, targetsDefinition, describeDefinition];

/** Answers `frontend.subrequests.describe`. */
export function describeSubrequests(): Result {
  const rows = listed.map(
    ({ name, version, description }) => `${name.replace(/^frontend\./, '')}\t${version}\t${description}\n`,
  );
  return textResult(describeDefinition, {
    'result.json': marshalJsonIndent(listed.map(definitionJson), '', '  '),
    'result.txt': alignTable(`NAME\tVERSION\tDESCRIPTION\n${rows.join('')}`, 1),
  });
}

function definitionJson({ name, version, description, opts, metadata }: SubrequestDefinition) {
  const list = (items: SubrequestDefinition['opts']) => items?.map((item) => ({ ...item })) ?? null;
  return {
    name,
    version,
    type: 'rpc',
    description,
    opts: list(opts),
    inputs: null,
    metadata: list(metadata),
    refs: null,
  };
}
