/** `frontend.convertllb`: the graph of a Dockerfile as JSON. */
import { formatJson } from '../../llb/format-json.ts';
import type { Result } from '../bridge.ts';
import type { BuildDefinition } from '../dockerfile.ts';
import type { Warner } from '../warner.ts';
import { convertLlbDefinition } from './definitions.ts';
import { textResult } from './result.ts';

/** Answers `frontend.convertllb`: the graph as JSON. */
export async function convertLlb(dockerfile: BuildDefinition, warn: Warner['warn']): Promise<Result> {
  const { state } = await dockerfile.lower({ warn });
  return textResult(convertLlbDefinition, { 'result.json': formatJson(state.marshal()) });
}
