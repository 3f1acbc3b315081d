/** `frontend.convertllb`: the graph of a Dockerfile as JSON. */
import { formatJson } from '../../llb/format-json.ts';
import type { Result } from '../bridge.ts';
import type { BuildFile } from '../build-file.ts';
import type { Warner } from '../warner.ts';
import { convertLlbDefinition } from './definitions.ts';
import { textResult } from './result.ts';

/** Answers `frontend.convertllb`: the graph as JSON. */
export async function convertLlb(file: BuildFile, warn: Warner['warn']): Promise<Result> {
  const { state } = await file.lower({ warn });
  return textResult(convertLlbDefinition, { 'result.json': formatJson(state.marshal()) });
}
