/** The ops of a build, from its provenance in mode max. */
import { createHash } from 'node:crypto';

interface Step {
  readonly id: string;
  readonly op?: unknown;
  readonly inputs?: readonly string[];
}

/** Of the session and the directory, not of the build. */
const volatile = new Set(['local.session', 'local.sessionid', 'local.unique', 'local.sharedkeyhint']);

/** SLSA 0.2 has it at the top, SLSA 1 further down. */
// biome-ignore lint/suspicious/noExplicitAny: two shapes of someone else's JSON
export function stepsOf(provenance: any): readonly Step[] {
  const config = provenance.buildConfig ?? provenance.buildDefinition.internalParameters.buildConfig;
  return config.llbDefinition;
}

/** The ops of a build's steps with their inputs by content, as lines of JSON in an order of their own. */
export function opsOf(steps: readonly Step[]): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const lines = new Map<string, string>();
  const line = (id: string): string => {
    const known = lines.get(id);
    if (known !== undefined) return known;
    const { op, inputs = [] } = byId.get(id)!;
    const made = JSON.stringify({ op: withoutVolatile(op), inputs: inputs.map(input) });
    lines.set(id, made);
    return made;
  };
  const input = (reference: string) => {
    const [id = '', index] = reference.split(':');
    return `${createHash('sha256').update(line(id)).digest('hex').slice(0, 16)}:${index}`;
  };
  return steps.map(({ id }) => line(id)).sort();
}

function withoutVolatile(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVolatile);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !volatile.has(key));
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, withoutVolatile(item)]),
  );
}
