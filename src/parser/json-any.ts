/** Parses JSON of unknown shape as Go does into an `any`. */
import { type JsonNode, parseJsonNode } from '../go/json-parse.ts';

/** Parses a text; undefined if it is not JSON, or has a number that no float64 can hold, which Go refuses. */
export function parseJsonAny(text: string): JsonNode | undefined {
  let root: JsonNode;
  try {
    root = parseJsonNode(text);
  } catch {
    return undefined;
  }
  const open = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.kind === 'number' && !Number.isFinite(Number(node.text))) return undefined;
    if (node.kind === 'array') for (const item of node.items) open.push(item);
    if (node.kind === 'object') for (const [, value] of node.members) open.push(value);
  }
  return root;
}
