/**
 * Parses JSON as Go's encoding/json does: its error texts, one U+FFFD for every byte that is not UTF-8 and for every
 * lone surrogate escape, all members of an object kept (the last of equal keys counts), at most 10,000 levels.
 * It keeps its own stack, so that no input can exhaust the engine's.
 */
import { type JsonScalar, JsonScanner } from './json-scanner.ts';

/** A JSON value. */
export type JsonNode = JsonScalar | JsonArrayNode | JsonObjectNode;

interface JsonArrayNode {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
}

interface JsonObjectNode {
  readonly kind: 'object';
  readonly members: readonly (readonly [key: string, value: JsonNode])[];
}

type OpenContainer =
  | { kind: 'array'; items: JsonNode[] }
  | { kind: 'object'; members: (readonly [string, JsonNode])[]; key: string };

const maxDepth = 10_000;

/**
 * Parses a whole text.
 * @throws Error `invalid character 'x' after array element`, `unexpected end of JSON input` and the like
 */
export function parseJsonNode(text: string): JsonNode {
  const scanner = new JsonScanner(text);
  const open: OpenContainer[] = [];
  for (let first = false; ; ) {
    const container = open.at(-1);
    let value: JsonNode | undefined;
    // The first element of a container may be missing.
    if (first && scanner.next() === (container?.kind === 'array' ? ']' : '}')) {
      scanner.skip();
      value = open.pop();
    } else {
      if (container?.kind === 'object') container.key = scanner.key();
      const opened = scanner.opening();
      if (opened) {
        if (open.length === maxDepth) throw scanner.unexpectedBefore('exceeded max depth');
        open.push(opened === 'array' ? { kind: 'array', items: [] } : { kind: 'object', members: [], key: '' });
        first = true;
        continue;
      }
      value = scanner.scalar();
    }
    // A value may close any number of containers.
    for (;;) {
      const parent = open.at(-1);
      if (!parent) {
        scanner.end();
        return value!;
      }
      if (parent.kind === 'array') parent.items.push(value!);
      else parent.members.push([parent.key, value!]);
      if (!scanner.closes(parent.kind)) break;
      value = open.pop();
    }
    first = false;
  }
}
